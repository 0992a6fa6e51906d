namespace GptQuantBench.Reporting.Records;

/// <summary>Standard errors of a <see cref="QualityRecord"/>'s figures, in their units; tokens are taken as independent.</summary>
public sealed record QualityErrors
{
    /// <summary>Of the perplexity.</summary>
    public double? Perplexity { get; init; }

    /// <summary>Of the ratio; far below that of the perplexity, since both see the same tokens.</summary>
    public double? PerplexityRatio { get; init; }

    /// <summary>Of the mean divergence.</summary>
    public double? MeanKlDivergence { get; init; }

    /// <summary>Of the median divergence.</summary>
    public double? MedianKlDivergence { get; init; }

    /// <summary>Of the 99th percentile.</summary>
    public double? P99KlDivergence { get; init; }

    /// <summary>Of the share.</summary>
    public double? SameTop1Share { get; init; }

    /// <summary>Of the root mean square change.</summary>
    public double? RmsProbabilityChange { get; init; }
}
