using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>All tables of a report.</summary>
public static class ReportTables
{
    /// <summary>The tables for which the report has figures, in reading order; the summary is always there.</summary>
    public static IReadOnlyList<ReportTable> Of(RunReport report) =>
    [
        SummaryTable.Of(report),
        .. new[]
        {
            ComparisonTable.Of(report),
            QualityTable.Of(report),
            FirstTokenTable.Of(report),
            ColdStartTable.Of(report),
            LessonsTable.Of(report),
            RooflineTable.Of(report),
            ForecastTable.Of(report),
            EnergyTable.Of(report),
            MemoryTable.Of(report),
        }.OfType<ReportTable>(),
        .. SweepTables.Of(report),
        .. KernelTables.Of(report),
    ];
}
