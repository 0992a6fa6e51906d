using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.History;

/// <summary>One run of a history.</summary>
/// <param name="File">Path of the report.</param>
/// <param name="Report">The report.</param>
public sealed record HistoryEntry(string File, RunReport Report);
