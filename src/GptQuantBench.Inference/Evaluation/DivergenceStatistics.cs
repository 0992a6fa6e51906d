namespace GptQuantBench.Inference.Evaluation;

/// <summary>From a model's token scores to its figures.</summary>
internal static class DivergenceStatistics
{
    /// <summary>The figures of at least one scored token.</summary>
    public static (PerplexityResult Perplexity, DivergenceResult Divergence) Of(IReadOnlyList<TokenScore> scores)
    {
        double[] sorted = [.. scores.Select(score => score.Divergence).Order()];

        // The error of the mean of paired differences is that of the difference of two correlated means.
        Estimate logRatio = SampleEstimates.Mean([.. scores.Select(score => score.NegativeLogLikelihood - score.ReferenceNegativeLogLikelihood)]);
        double ratio = Math.Exp(logRatio.Value);
        return (
            new(SampleEstimates.Mean([.. scores.Select(score => score.NegativeLogLikelihood)])),
            new()
            {
                PerplexityRatio = logRatio.Map(ratio, ratio),
                MeanKl = SampleEstimates.Mean([.. scores.Select(score => score.Divergence)]),
                MedianKl = SampleEstimates.Quantile(sorted, 0.5),
                Percentile99Kl = SampleEstimates.Quantile(sorted, 0.99),
                MaximumKl = new(sorted[^1], null),
                SameTop1Share = SampleEstimates.Share(scores.Count(score => score.IsSameTop1), scores.Count),
                RmsProbabilityChange = SampleEstimates.RootMeanSquare(scores.Select(score => score.ProbabilityChange)),
            });
    }
}
