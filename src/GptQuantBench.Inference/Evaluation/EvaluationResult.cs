namespace GptQuantBench.Inference.Evaluation;

/// <summary>What a text says about a reference model and models that are compared with it.</summary>
public sealed record EvaluationResult
{
    /// <summary>Tokens of the text.</summary>
    public required int Tokens { get; init; }

    /// <summary>Tokens that were predicted.</summary>
    public required int ScoredTokens { get; init; }

    /// <summary>Positions of a window.</summary>
    public required int Window { get; init; }

    /// <summary>Distance of the starts of two windows.</summary>
    public required int Stride { get; init; }

    /// <summary>The reference.</summary>
    public required PerplexityResult Reference { get; init; }

    /// <summary>The others, in their order.</summary>
    public required IReadOnlyList<(PerplexityResult Perplexity, DivergenceResult Divergence)> Candidates { get; init; }
}
