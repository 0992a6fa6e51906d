using System.Globalization;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Figures;

/// <summary>A point of a sweep in words.</summary>
public static class SweepFigures
{
    /// <summary>What is changed in the point.</summary>
    public static string Point(SweepResult row)
    {
        ArgumentNullException.ThrowIfNull(row);
        CultureInfo culture = CultureInfo.InvariantCulture;
        return row.Sweep switch
        {
            SweepResult.PromptLength => string.Create(culture, $"{row.PromptTokens} tokens"),
            SweepResult.Depth => string.Create(culture, $"at {row.DepthTokens}"),
            SweepResult.TokenTimes => "single tokens",
            SweepResult.BatchSizes => string.Create(culture, $"batch {row.BatchSize}"),
            _ => row.Decode ?? row.Sweep,
        };
    }

    /// <summary>What was measured, with units.</summary>
    public static IEnumerable<string> Measured(SweepResult row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return Parts().OfType<string>();

        IEnumerable<string?> Parts()
        {
            yield return With("first token", row.FirstTokenLatencyMs, "ms");
            yield return With("prefill", row.PrefillTokensPerSec, "tokens/s");
            yield return With("throughput", row.ThroughputTokensPerSec, "tokens/s");
            yield return With("p50", row.InterTokenLatencyMs?.P50, "ms");
            yield return With("p90", row.InterTokenLatencyMs?.P90, "ms");
            yield return With("p99", row.InterTokenLatencyMs?.P99, "ms");
        }
    }

    private static string? With(string name, double? value, string unit) =>
        Ratio.Finite(value) is null ? null : $"{name} {FigureFormat.Number(value)} {unit}";
}
