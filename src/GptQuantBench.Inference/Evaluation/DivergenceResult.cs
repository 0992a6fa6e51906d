namespace GptQuantBench.Inference.Evaluation;

/// <summary>
/// How far a model's predictions are from a reference's, token by token on the same text. Definitions and standard errors are those of
/// llama.cpp's perplexity tool (tools/perplexity/perplexity.cpp, <c>kl_divergence</c>), without its rounding of the reference's
/// probabilities to 16 bits.
/// </summary>
public sealed record DivergenceResult
{
    /// <summary>Perplexity / the reference's perplexity; the error counts that both saw the same tokens.</summary>
    public required Estimate PerplexityRatio { get; init; }

    /// <summary>Mean Kullback-Leibler divergence Σ p·(log p − log q) of the model's q from the reference's p, nats.</summary>
    public required Estimate MeanKl { get; init; }

    /// <summary>Median of the tokens' divergences; the error is from the order statistics around it.</summary>
    public required Estimate MedianKl { get; init; }

    /// <summary>99th percentile of the tokens' divergences, interpolated; the error is from the order statistics around it.</summary>
    public required Estimate Percentile99Kl { get; init; }

    /// <summary>Largest divergence of a token; a sample's maximum has no standard error.</summary>
    public required Estimate MaximumKl { get; init; }

    /// <summary>Share of tokens whose most probable id is the reference's, 0 to 1; binomial error.</summary>
    public required Estimate SameTop1Share { get; init; }

    /// <summary>Root of the mean square change of the right token's probability, 0 to 1.</summary>
    public required Estimate RmsProbabilityChange { get; init; }
}
