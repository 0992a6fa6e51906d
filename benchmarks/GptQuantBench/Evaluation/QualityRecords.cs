using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Evaluation;

/// <summary>From the engine's estimates to a report's record.</summary>
internal static class QualityRecords
{
    /// <summary>The record of one format.</summary>
    /// <param name="perplexity">Its perplexity.</param>
    /// <param name="divergence">How far it is from the reference; null for the reference itself.</param>
    /// <param name="protocol">How it was measured.</param>
    /// <param name="textSha256">On what.</param>
    public static QualityRecord Of(PerplexityResult perplexity, DivergenceResult? divergence, EvaluationResult protocol, string textSha256) => new()
    {
        Perplexity = perplexity.Perplexity.Value,
        MeanNll = perplexity.MeanNegativeLogLikelihood.Value,
        PerplexityRatio = divergence?.PerplexityRatio.Value,
        MeanKlDivergence = divergence?.MeanKl.Value,
        MedianKlDivergence = divergence?.MedianKl.Value,
        P99KlDivergence = divergence?.Percentile99Kl.Value,
        MaxKlDivergence = divergence?.MaximumKl.Value,
        SameTop1Share = divergence?.SameTop1Share.Value,
        RmsProbabilityChange = divergence?.RmsProbabilityChange.Value,
        StandardErrors = new QualityErrors
        {
            Perplexity = perplexity.Perplexity.StandardError,
            PerplexityRatio = divergence?.PerplexityRatio.StandardError,
            MeanKlDivergence = divergence?.MeanKl.StandardError,
            MedianKlDivergence = divergence?.MedianKl.StandardError,
            P99KlDivergence = divergence?.Percentile99Kl.StandardError,
            SameTop1Share = divergence?.SameTop1Share.StandardError,
            RmsProbabilityChange = divergence?.RmsProbabilityChange.StandardError,
        },
        TextSha256 = textSha256,
        Window = protocol.Window,
        Stride = protocol.Stride,
        ScoredTokens = protocol.ScoredTokens,
    };
}
