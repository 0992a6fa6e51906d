using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.History;

/// <summary>One run's figure in a series.</summary>
/// <param name="StartedAt">When the run began.</param>
/// <param name="Commit">Commit of the source that was built; null where it is not known.</param>
/// <param name="File">Path of the report.</param>
/// <param name="Value">The figure in the unit of the series' metric; finite.</param>
/// <param name="Spread">Spread of the run's raw samples; null for a figure without samples.</param>
public sealed record TrendPoint(DateTimeOffset StartedAt, string? Commit, string File, double Value, Spread? Spread);
