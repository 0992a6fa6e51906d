using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.History;

/// <summary>One metric of one case over all runs that measured it.</summary>
public sealed record TrendSeries
{
    /// <summary>The case; runs of another device, backend, decode path or length are another series.</summary>
    public required TrendCase Case { get; init; }

    /// <summary>The metric.</summary>
    public required CaseMetric Metric { get; init; }

    /// <summary>Points, oldest first; at least one.</summary>
    public required IReadOnlyList<TrendPoint> Points { get; init; }

    /// <summary>Changes of level, oldest first; empty where the series keeps its level or is too short to tell.</summary>
    public required IReadOnlyList<ChangePoint> ChangePoints { get; init; }
}
