using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>First-token latency, warm and cold, with the reading aid.</summary>
public static class FirstTokenTable
{
    /// <summary>The table; null where no case succeeded.</summary>
    public static ReportTable? Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        CaseResult[] results = [.. CaseRows.Succeeded(report)];
        return results.Length == 0 ? null : new ReportTable
        {
            Title = "First token",
            Columns =
            [
                .. CaseRows.NameColumns,
                ReportColumn.Number("Warm(ms)"),
                ReportColumn.Number("Cold(ms)"),
                ReportColumn.Number("Cold/warm"),
                ReportColumn.Text("Reading"),
            ],
            Rows = [.. results.Select(result => Row(result, CaseLessons.Of(result, report.Metadata)))],
            Notes = [LatencyScale.Legend + "."],
        };
    }

    private static IReadOnlyList<ReportCell> Row(CaseResult result, CaseLessons lessons) => CaseRows.Row(
        result,
        new(FigureFormat.Number(result.FirstTokenLatencyMs)),
        new(FigureFormat.Number(result.FirstTokenLatencyColdMs)),
        new(FigureFormat.Times(lessons.ColdOverWarm)),
        result.LatencyRating is { } rating ? new(LatencyScale.Name(rating), Tone(rating)) : new(FigureFormat.Missing));

    private static CellTone Tone(LatencyRating rating) => rating switch
    {
        LatencyRating.VeryGood or LatencyRating.Good => CellTone.Good,
        LatencyRating.Slow => CellTone.Bad,
        _ => CellTone.Neutral,
    };
}
