namespace GptQuantBench.Reporting.Records;

/// <summary>Raw samples, one list per process in the order in which the processes ran.</summary>
public sealed record CaseSamples
{
    /// <summary>Load times, seconds.</summary>
    public IReadOnlyList<IReadOnlyList<double>>? LoadTimeSec { get; init; }

    /// <summary>Warm first-token latencies, milliseconds.</summary>
    public IReadOnlyList<IReadOnlyList<double>>? FirstTokenLatencyMs { get; init; }

    /// <summary>Times of the throughput run, seconds.</summary>
    public IReadOnlyList<IReadOnlyList<double>>? TotalInferenceTimeSec { get; init; }
}
