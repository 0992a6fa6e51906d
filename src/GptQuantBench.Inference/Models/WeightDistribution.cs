namespace GptQuantBench.Inference.Models;

/// <summary>The normal distribution that made-up values of a weight are drawn from.</summary>
/// <param name="Mean">Mean.</param>
/// <param name="Deviation">Standard deviation, greater than 0.</param>
public readonly record struct WeightDistribution(float Mean, float Deviation);
