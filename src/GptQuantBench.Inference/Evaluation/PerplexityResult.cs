namespace GptQuantBench.Inference.Evaluation;

/// <summary>How well a model predicts a text.</summary>
/// <param name="MeanNegativeLogLikelihood">Mean over the scored tokens, nats.</param>
public sealed record PerplexityResult(Estimate MeanNegativeLogLikelihood)
{
    /// <summary>e to the mean negative log-likelihood.</summary>
    public Estimate Perplexity => MeanNegativeLogLikelihood.Map(
        Math.Exp(MeanNegativeLogLikelihood.Value), Math.Exp(MeanNegativeLogLikelihood.Value));
}
