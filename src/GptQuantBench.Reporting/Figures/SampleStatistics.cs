using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Figures;

/// <summary>Median and spread of raw samples.</summary>
public static class SampleStatistics
{
    /// <summary>The middle sample, or the mean of the two middle ones; null without samples.</summary>
    public static double? Median(IReadOnlyCollection<double> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.Count == 0)
        {
            return null;
        }

        double[] sorted = [.. samples];
        Array.Sort(sorted);
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>Spread around the median; null without samples.</summary>
    public static Spread? SpreadOf(IReadOnlyCollection<double> samples)
    {
        if (Median(samples) is not { } median)
        {
            return null;
        }

        return new Spread
        {
            Count = samples.Count,
            Min = samples.Min(),
            Median = median,
            Max = samples.Max(),
            MedianAbsoluteDeviation = samples.Count < 2 ? null : Median([.. samples.Select(sample => Math.Abs(sample - median))]),
        };
    }

    /// <summary>The samples of all processes; empty where there are none.</summary>
    public static double[] Flatten(IReadOnlyList<IReadOnlyList<double>>? processes) =>
        [.. (processes ?? []).SelectMany(samples => samples)];
}
