namespace GptQuantBench.Reporting.Comparison;

/// <summary>What counts as a difference.</summary>
public sealed record ComparisonOptions
{
    /// <summary>Processes that each side must have for a verdict on a time.</summary>
    public const int MinimumProcesses = 4;

    /// <summary>
    /// Probability that a comparison of a build with itself sees any difference. Below the 1 in 20 that is promised, because t tests of
    /// five values are a little generous where the noise has no tails.
    /// </summary>
    public const double FamilyErrorRate = 0.04;

    /// <summary>Confidence of the intervals that are shown.</summary>
    public const double Confidence = 0.95;

    /// <summary>Smallest relative change of a time or rate that matters, 0.03 for 3 %; at least 0, below 1.</summary>
    public double Threshold { get; init; } = 0.03;

    /// <summary>How far a build differs from itself on this machine; null where that was not measured.</summary>
    public NoiseFloor? NoiseFloor { get; init; }
}
