using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Figures;

/// <summary>The headline figures of a case as metrics.</summary>
public static class CaseMetrics
{
    /// <summary>Time to load.</summary>
    public static CaseMetric LoadTime { get; } = new()
    {
        Key = "load_time_sec",
        Name = "Load",
        Unit = "s",
        HigherIsBetter = false,
        Value = result => result.LoadTimeSec,
        Samples = result => result.Samples?.LoadTimeSec,
    };

    /// <summary>Warm first-token latency.</summary>
    public static CaseMetric FirstTokenLatency { get; } = new()
    {
        Key = "first_token_latency_ms",
        Name = "First token",
        Unit = "ms",
        HigherIsBetter = false,
        Value = result => result.FirstTokenLatencyMs,
        Samples = result => result.Samples?.FirstTokenLatencyMs,
    };

    /// <summary>New tokens / total time; the total time itself is the same information a second time.</summary>
    public static CaseMetric Throughput { get; } = new()
    {
        Key = "throughput_tokens_per_sec",
        Name = "Throughput",
        Unit = "tok/s",
        HigherIsBetter = true,
        Value = result => result.ThroughputTokensPerSec,
        Samples = TokensPerSecond,
    };

    /// <summary>Resident weights.</summary>
    public static CaseMetric Memory { get; } = new()
    {
        Key = "memory_gb",
        Name = "Memory",
        Unit = "GB",
        HigherIsBetter = false,
        Value = result => result.MemoryGb,
    };

    /// <summary>Figures with samples, which differ from run to run.</summary>
    public static IReadOnlyList<CaseMetric> Timed { get; } = [LoadTime, FirstTokenLatency, Throughput];

    /// <summary>All headline figures.</summary>
    public static IReadOnlyList<CaseMetric> All { get; } = [.. Timed, Memory];

    private static IReadOnlyList<IReadOnlyList<double>>? TokensPerSecond(CaseResult result) =>
        result.NumTokensGenerated is not { } tokens || result.Samples?.TotalInferenceTimeSec is not { } processes
            ? null
            : [.. processes.Select(IReadOnlyList<double> (process) => [.. process.Where(total => total > 0).Select(total => tokens / total)])];
}
