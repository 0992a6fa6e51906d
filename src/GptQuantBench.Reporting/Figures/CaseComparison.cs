using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Figures;

/// <summary>A case beside the FP16 case of the same model. A figure with a missing input is null.</summary>
public sealed record CaseComparison
{
    /// <summary>The format that others are compared with.</summary>
    public const string BaselineQuantization = "FP16";

    /// <summary>The case.</summary>
    public required CaseResult Case { get; init; }

    /// <summary>Its baseline; null where the FP16 case is missing or failed.</summary>
    public required CaseResult? Baseline { get; init; }

    /// <summary>1 − memory / memory of FP16.</summary>
    public double? MemorySaved => 1 - Ratio.Of(Case.MemoryGb, Baseline?.MemoryGb);

    /// <summary>Throughput / throughput of FP16.</summary>
    public double? Speedup => Ratio.Of(Case.ThroughputTokensPerSec, Baseline?.ThroughputTokensPerSec);

    /// <summary>First-token latency / first-token latency of FP16 − 1: negative is faster.</summary>
    public double? FirstTokenChange => Ratio.Of(Case.FirstTokenLatencyMs, Baseline?.FirstTokenLatencyMs) - 1;

    /// <summary>Floor of FP16 / floor: the speedup if reading the weights were all that takes time.</summary>
    public double? PredictedSpeedup => Ratio.Of(Baseline?.Roofline?.FloorUs, Case.Roofline?.FloorUs);

    /// <summary>Perplexity / perplexity of FP16 on the same text − 1: positive is worse.</summary>
    public double? PerplexityChange =>
        Case.Quality?.TextSha256 == Baseline?.Quality?.TextSha256
            ? Ratio.Of(Case.Quality?.Perplexity, Baseline?.Quality?.Perplexity) - 1
            : null;

    /// <summary>All cases that are not FP16 themselves, each with its baseline.</summary>
    public static IReadOnlyList<CaseComparison> Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return
        [
            .. report.Results
                .Where(result => !IsBaseline(result))
                .Select(result => new CaseComparison { Case = result, Baseline = FindBaseline(report.Results, result) }),
        ];
    }

    // Where several FP16 cases qualify, the fastest: a speedup over a weak baseline is a lie.
    private static CaseResult? FindBaseline(IEnumerable<CaseResult> results, CaseResult result) => results
        .Where(other => IsBaseline(other) && other.Success && DoesSameWork(other, result))
        .MaxBy(other => Ratio.Finite(other.ThroughputTokensPerSec) ?? double.MinValue);

    private static bool IsBaseline(CaseResult result) => result.Quantization == BaselineQuantization;

    private static bool DoesSameWork(CaseResult a, CaseResult b) =>
        a.ModelName == b.ModelName && a.Backend == b.Backend && a.Device == b.Device
        && a.BatchSize == b.BatchSize && a.PromptTokens == b.PromptTokens;
}
