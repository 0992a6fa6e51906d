using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>Where the memory of each case goes, and whether all of it came back.</summary>
public static class MemoryTable
{
    /// <summary>The table; null where no case has any of its figures.</summary>
    public static ReportTable? Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        CaseResult[] results = [.. report.Results.Where(HasFigures)];
        return results.Length == 0 ? null : new ReportTable
        {
            Title = "Memory",
            Columns =
            [
                .. CaseRows.NameColumns,
                ReportColumn.Number("Weights"),
                ReportColumn.Number("Bits"),
                ReportColumn.Number("KV cache"),
                ReportColumn.Number("Workspace"),
                ReportColumn.Number("Peak"),
                ReportColumn.Text("Leaked"),
            ],
            Rows = [.. results.Select(Row)],
            Notes =
            [
                "Bits: mean bits per weight of the quantised matrices, scales included.",
                .. results.Where(result => result.LeakedBytes?.IsLeak == true).Select(Leak),
            ],
        };
    }

    private static bool HasFigures(CaseResult result) =>
        result.KvCacheBytes is not null || result.WorkspaceBytes is not null || result.PeakBytes is not null
        || result.LeakedBytes?.IsLeak is not null;

    private static IReadOnlyList<ReportCell> Row(CaseResult result) => CaseRows.Row(
        result,
        new(FigureFormat.Bytes(Ratio.Finite(result.MemoryGb) is { } gigabytes ? (long)(gigabytes * 1e9) : null)),
        new(FigureFormat.Number(result.BitsPerWeight)),
        new(FigureFormat.Bytes(result.KvCacheBytes)),
        new(FigureFormat.Bytes(result.WorkspaceBytes)),
        new(FigureFormat.Bytes(result.PeakBytes)),
        result.LeakedBytes?.IsLeak switch
        {
            null => new(FigureFormat.Missing),
            false => new("no", CellTone.Good),
            true => new("YES", CellTone.Bad),
        });

    private static string Leak(CaseResult result) => $"{CaseRows.Name(result)} leaked: {LeakVerdict.Amounts(result.LeakedBytes!)}.";
}
