using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Figures;

/// <summary>The mean time between two tokens.</summary>
public static class InterToken
{
    /// <summary>(total − first token) / (n − 1), milliseconds.</summary>
    /// <param name="totalSec">Time of the throughput run, seconds.</param>
    /// <param name="firstTokenMs">First-token latency, milliseconds.</param>
    /// <param name="tokens">New tokens n of the throughput run.</param>
    /// <returns>Null where an input is missing, n is below 2, or the first token alone took longer than the total.</returns>
    public static double? MeanMs(double? totalSec, double? firstTokenMs, int? tokens) =>
        tokens >= 2 && Ratio.Of(totalSec * 1e3 - firstTokenMs, tokens - 1) is { } mean and > 0 ? mean : null;

    /// <summary>Percentiles over the times of single tokens, nearest rank: the smallest time that at least that share does not exceed.</summary>
    /// <param name="milliseconds">At least one time.</param>
    public static InterTokenLatency Percentiles(IReadOnlyCollection<double> milliseconds)
    {
        ArgumentNullException.ThrowIfNull(milliseconds);
        ArgumentOutOfRangeException.ThrowIfZero(milliseconds.Count, nameof(milliseconds));
        double[] sorted = [.. milliseconds.Order()];
        return new InterTokenLatency { P50 = At(0.50), P90 = At(0.90), P99 = At(0.99), Count = sorted.Length };

        double At(double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }

    /// <summary>The mean that a case holds, else the one that follows from its other figures, milliseconds.</summary>
    public static double? MeanMs(CaseResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Ratio.Finite(result.InterTokenLatencyMs?.Mean)
            ?? MeanMs(result.TotalInferenceTimeSec, result.FirstTokenLatencyMs, result.NumTokensGenerated);
    }
}
