using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Figures;
using Perfolizer.Mathematics.Cpd;

namespace GptQuantBench.Reporting.History;

/// <summary>
/// Finds where a series changes its level. ED-PELT (Haynes, Fearnhead, Eckley: A computationally efficient nonparametric approach for
/// changepoint detection, Statistics and Computing 27, 2017; the implementation is Perfolizer's) proposes splits. Then, as in Hunter
/// (Fleming et al., ICPE 2023), the weakest split is removed until each one separates two levels that differ by Welch's t test on
/// logarithms and by at least <see cref="MinimumChange"/>; the splits that stay move to where they separate their levels best.
/// </summary>
public static class ChangePointDetector
{
    /// <summary>Runs that a level needs to be told from a few bad runs; a change shows after so many runs on its new level.</summary>
    public const int MinimumLevelLength = 4;

    /// <summary>Smallest change of level that counts: the threshold of a comparison.</summary>
    public const double MinimumChange = 0.03;

    /// <summary>
    /// Largest p value of a split. Far below 0.05, because the splits were chosen where the series differs most: at this level at most
    /// one series of pure noise in twenty shows a change, which the tests measure.
    /// </summary>
    public const double SignificanceLevel = 0.0005;

    /// <summary>The changes of level of a series, oldest first.</summary>
    /// <param name="values">The figures of the runs, oldest first; not positive ones make the series unfit, and nothing is found.</param>
    /// <param name="higherIsBetter">Whether a rise is an improvement.</param>
    public static IReadOnlyList<ChangePoint> Find(IReadOnlyList<double> values, bool higherIsBetter)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count < 2 * MinimumLevelLength || values.Any(value => !(value > 0 && double.IsFinite(value))))
        {
            return [];
        }

        double[] logarithms = [.. values.Select(value => Math.Log(value))];
        List<int> starts = [.. EdPeltChangePointDetector.Instance.GetChangePointIndexes(logarithms, MinimumLevelLength).Select(end => end + 1)];
        Refit(logarithms, starts);
        while (Weakest(logarithms, starts) is { } weakest)
        {
            starts.Remove(weakest);
            Refit(logarithms, starts);
        }

        return [.. Enumerable.Range(0, starts.Count).Select(number => Describe(values, Bounds(starts, number, values.Count), starts[number], higherIsBetter))];
    }

    // Two splits around a change, each as near as the shortest level allows, would otherwise leave one of them in a wrong place.
    private static void Refit(double[] logarithms, List<int> starts)
    {
        for (int number = 0; number < starts.Count; number++)
        {
            (int begin, int end) = Bounds(starts, number, logarithms.Length);
            starts[number] = Enumerable
                .Range(begin + MinimumLevelLength, end - begin - 2 * MinimumLevelLength + 1)
                .MinBy(start => SquaredDeviations(logarithms[begin..start]) + SquaredDeviations(logarithms[start..end]));
        }
    }

    private static double SquaredDeviations(double[] values)
    {
        double mean = values.Average();
        return values.Sum(value => (value - mean) * (value - mean));
    }

    private static int? Weakest(double[] logarithms, List<int> starts)
    {
        int? weakest = null;
        double largest = SignificanceLevel;
        for (int number = 0; number < starts.Count; number++)
        {
            (int begin, int end) = Bounds(starts, number, logarithms.Length);
            double[] before = logarithms[begin..starts[number]];
            double[] after = logarithms[starts[number]..end];
            WelchTest test = WelchTest.Of(before, after);
            double change = Math.Abs(Math.Exp(SampleStatistics.Median(after)!.Value - SampleStatistics.Median(before)!.Value) - 1);
            double p = change < MinimumChange ? 1 : test.PValue;
            if (p > largest)
            {
                (weakest, largest) = (starts[number], p);
            }
        }

        return weakest;
    }

    private static (int Begin, int End) Bounds(List<int> starts, int number, int count) =>
        (number == 0 ? 0 : starts[number - 1], number + 1 == starts.Count ? count : starts[number + 1]);

    private static ChangePoint Describe(IReadOnlyList<double> values, (int Begin, int End) bounds, int start, bool higherIsBetter)
    {
        double before = SampleStatistics.Median([.. values.Skip(bounds.Begin).Take(start - bounds.Begin)])!.Value;
        double after = SampleStatistics.Median([.. values.Skip(start).Take(bounds.End - start)])!.Value;
        return new ChangePoint(start, before, after, after > before == higherIsBetter);
    }
}
