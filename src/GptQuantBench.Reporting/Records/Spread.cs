namespace GptQuantBench.Reporting.Records;

/// <summary>How far raw samples lie apart, in the unit of the figure.</summary>
public sealed record Spread
{
    /// <summary>Number of samples.</summary>
    public int? Count { get; init; }

    /// <summary>Smallest sample.</summary>
    public double? Min { get; init; }

    /// <summary>Median of the samples.</summary>
    public double? Median { get; init; }

    /// <summary>Largest sample.</summary>
    public double? Max { get; init; }

    /// <summary>Median of the samples' distances from their median; null for one sample, which has no spread.</summary>
    public double? MedianAbsoluteDeviation { get; init; }
}
