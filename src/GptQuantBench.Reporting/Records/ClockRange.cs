namespace GptQuantBench.Reporting.Records;

/// <summary>A clock over a span of time, MHz.</summary>
public sealed record ClockRange
{
    /// <summary>Lowest reading.</summary>
    public int? Min { get; init; }

    /// <summary>Median reading.</summary>
    public double? Median { get; init; }

    /// <summary>Highest reading.</summary>
    public int? Max { get; init; }
}
