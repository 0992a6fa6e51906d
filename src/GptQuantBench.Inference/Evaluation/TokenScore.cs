namespace GptQuantBench.Inference.Evaluation;

/// <summary>What one model makes of one scored token.</summary>
/// <param name="NegativeLogLikelihood">logsumexp(logits) − logits[right id], nats.</param>
/// <param name="ReferenceNegativeLogLikelihood">The same of the reference.</param>
/// <param name="Divergence">Kullback-Leibler divergence from the reference, nats.</param>
/// <param name="IsSameTop1">Whether both think the same id most probable.</param>
internal readonly record struct TokenScore(
    double NegativeLogLikelihood, double ReferenceNegativeLogLikelihood, double Divergence, bool IsSameTop1)
{
    /// <summary>Change of the right id's probability.</summary>
    public double ProbabilityChange => Math.Exp(-NegativeLogLikelihood) - Math.Exp(-ReferenceNegativeLogLikelihood);
}
