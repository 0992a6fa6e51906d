namespace GptQuantBench.Inference.Evaluation;

/// <summary>How well a model predicts a text.</summary>
/// <param name="MeanNegativeLogLikelihood">Mean over the scored tokens, in nats.</param>
/// <param name="ScoredTokens">Tokens that were predicted.</param>
/// <param name="Window">Positions of a window.</param>
/// <param name="Stride">Distance of the starts of two windows.</param>
public sealed record PerplexityResult(double MeanNegativeLogLikelihood, int ScoredTokens, int Window, int Stride)
{
    /// <summary>e to the mean negative log-likelihood.</summary>
    public double Perplexity => Math.Exp(MeanNegativeLogLikelihood);
}
