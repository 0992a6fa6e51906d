using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Figures;

/// <summary>One figure of a case that runs are compared by and followed over time.</summary>
public sealed record CaseMetric
{
    /// <summary>The figure's key in the report, e.g. <c>load_time_sec</c>.</summary>
    public required string Key { get; init; }

    /// <summary>What people read, e.g. <c>First token</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The unit as text, e.g. <c>ms</c>.</summary>
    public required string Unit { get; init; }

    /// <summary>True for throughput; false for times and bytes.</summary>
    public required bool HigherIsBetter { get; init; }

    /// <summary>The headline of a case; null where it was not measured.</summary>
    public required Func<CaseResult, double?> Value { get; init; }

    /// <summary>Raw samples in the metric's unit, one list per process; null for a figure that is counted and has none.</summary>
    public Func<CaseResult, IReadOnlyList<IReadOnlyList<double>>?>? Samples { get; init; }

    /// <summary>Spread of the raw samples of a case; null for a figure that is counted.</summary>
    public Spread? SpreadOf(CaseResult result) => SampleStatistics.SpreadOf(SampleStatistics.Flatten(Samples?.Invoke(result)));

    /// <summary>Median of each process's samples, in the order in which the processes ran; empty without samples.</summary>
    /// <remarks>Samples of one process share its memory layout and its moment, so a process is one observation.</remarks>
    public IReadOnlyList<double> ProcessMedians(CaseResult result) =>
    [
        .. (Samples?.Invoke(result) ?? []).Select(samples => SampleStatistics.Median(samples)).OfType<double>().Where(median => median > 0 && double.IsFinite(median)),
    ];
}
