namespace GptQuantBench.Inference.Evaluation;

/// <summary>A figure estimated from a sample of tokens.</summary>
/// <param name="Value">The estimate.</param>
/// <param name="StandardError">
/// One standard error, tokens taken as independent; null where there is none (the maximum of a sample, or fewer than 10 tokens).
/// </param>
public readonly record struct Estimate(double Value, double? StandardError)
{
    /// <summary>A function of the estimate whose slope there is known (first-order propagation of the error).</summary>
    internal Estimate Map(double value, double slope) => new(value, Math.Abs(slope) * StandardError);
}
