namespace GptQuantBench.Reporting.Records;

/// <summary>
/// What a format costs in text, measured on one text; exists for trained weights only. <c>docs/quality.md</c> defines every figure.
/// </summary>
public sealed record QualityRecord
{
    /// <summary>exp(mean negative log-likelihood of the scored tokens).</summary>
    public double? Perplexity { get; init; }

    /// <summary>Mean negative log-likelihood of the scored tokens, nats.</summary>
    public double? MeanNll { get; init; }

    /// <summary>Perplexity / FP16's on the same tokens.</summary>
    public double? PerplexityRatio { get; init; }

    /// <summary>Mean Kullback-Leibler divergence of the format's distribution from FP16's, nats per token.</summary>
    public double? MeanKlDivergence { get; init; }

    /// <summary>Median of the tokens' divergences, nats.</summary>
    public double? MedianKlDivergence { get; init; }

    /// <summary>99th percentile of the tokens' divergences, nats.</summary>
    public double? P99KlDivergence { get; init; }

    /// <summary>Largest divergence of a token, nats.</summary>
    public double? MaxKlDivergence { get; init; }

    /// <summary>Share of positions whose most probable token is the same as FP16's, 0 to 1.</summary>
    public double? SameTop1Share { get; init; }

    /// <summary>Root of the mean square change of the right token's probability against FP16, 0 to 1.</summary>
    public double? RmsProbabilityChange { get; init; }

    /// <summary>One standard error of each figure that has one.</summary>
    public QualityErrors? StandardErrors { get; init; }

    /// <summary>SHA-256 of the text, 64 lower-case hexadecimal digits.</summary>
    public string? TextSha256 { get; init; }

    /// <summary>Tokens of one window.</summary>
    public int? Window { get; init; }

    /// <summary>Tokens from the start of one window to the start of the next.</summary>
    public int? Stride { get; init; }

    /// <summary>Number of tokens whose likelihood counts.</summary>
    public int? ScoredTokens { get; init; }
}
