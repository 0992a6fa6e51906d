using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>The first tokens of a fresh process beside warm ones.</summary>
public static class ColdStartTable
{
    /// <summary>The table; null where no case has both.</summary>
    public static ReportTable? Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        CaseResult[] results =
            [.. CaseRows.Succeeded(report).Where(result => result.FirstTokensMs is { Cold.Count: > 1, Warm.Count: > 1 })];
        return results.Length == 0 ? null : new ReportTable
        {
            Title = "Cold start",
            Columns =
            [
                .. CaseRows.NameColumns,
                ReportColumn.Number("1st cold(ms)"),
                ReportColumn.Number("1st warm(ms)"),
                ReportColumn.Number("Next cold(ms)"),
                ReportColumn.Number("Next warm(ms)"),
                ReportColumn.Number("Cold/warm"),
            ],
            Rows = [.. results.Select(result => Row(result, result.FirstTokensMs!.Cold!, result.FirstTokensMs.Warm!))],
            Notes =
            [
                "The first ten tokens of a fresh process, and the same tokens after the measured runs. 1st: from the prompt on.",
                "Next: median of the nine after it. Cold/warm: all ten together.",
            ],
        };
    }

    private static IReadOnlyList<ReportCell> Row(CaseResult result, IReadOnlyList<double> cold, IReadOnlyList<double> warm) => CaseRows.Row(
        result,
        new(FigureFormat.Number(cold[0])),
        new(FigureFormat.Number(warm[0])),
        new(FigureFormat.Number(SampleStatistics.Median([.. cold.Skip(1)]))),
        new(FigureFormat.Number(SampleStatistics.Median([.. warm.Skip(1)]))),
        new(FigureFormat.Times(Ratio.Of(cold.Sum(), warm.Sum()))));
}
