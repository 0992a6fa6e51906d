namespace GptQuantBench.Reporting.Comparison;

/// <summary>One case in two runs.</summary>
public sealed record CaseVerdicts
{
    /// <summary>Name of the model.</summary>
    public required string ModelName { get; init; }

    /// <summary>The format as tables show it.</summary>
    public required string Quantization { get; init; }

    /// <summary>What computed; null where neither report says it.</summary>
    public string? Backend { get; init; }

    /// <summary>The decode path; null where neither report says it.</summary>
    public string? Decode { get; init; }

    /// <summary>Why the two rows cannot be compared, one phrase each; empty where they can.</summary>
    public IReadOnlyList<string> NotComparable { get; init => field = value ?? []; } = [];

    /// <summary>The metrics; empty where the rows cannot be compared.</summary>
    public IReadOnlyList<MetricComparison> Metrics { get; init => field = value ?? []; } = [];
}
