namespace GptQuantBench.Reporting.Records;

/// <summary>Time between two tokens, milliseconds.</summary>
public sealed record InterTokenLatency
{
    /// <summary>(total − first token) / (n − 1) of the throughput run.</summary>
    public double? Mean { get; init; }

    /// <summary>Median over single tokens of a separate run.</summary>
    public double? P50 { get; init; }

    /// <summary>90th percentile over single tokens of a separate run.</summary>
    public double? P90 { get; init; }

    /// <summary>99th percentile over single tokens of a separate run.</summary>
    public double? P99 { get; init; }

    /// <summary>Number of single tokens behind the percentiles.</summary>
    public int? Count { get; init; }
}
