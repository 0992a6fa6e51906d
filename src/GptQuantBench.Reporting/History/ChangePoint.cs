namespace GptQuantBench.Reporting.History;

/// <summary>Where a series moved to another level.</summary>
/// <param name="Index">Index of the first point of the new level, from 1.</param>
/// <param name="Before">Median of the level that ended, in the metric's unit.</param>
/// <param name="After">Median of the level that began.</param>
/// <param name="IsImprovement">True where the new level is better: lower for times and bytes, higher for throughput.</param>
public sealed record ChangePoint(int Index, double Before, double After, bool IsImprovement)
{
    /// <summary>After / before − 1.</summary>
    public double Change => After / Before - 1;
}
