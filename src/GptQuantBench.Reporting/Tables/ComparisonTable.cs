using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>Every quantised case beside the FP16 case of the same model.</summary>
public static class ComparisonTable
{
    /// <summary>The table; null where no case is quantised.</summary>
    public static ReportTable? Of(RunReport report)
    {
        IReadOnlyList<CaseComparison> all = CaseComparison.Of(report);
        CaseComparison[] shown = [.. all.Where(comparison => comparison.Case.Success && comparison.Baseline is not null)];
        bool hasQuality = shown.Any(comparison => comparison.PerplexityChange is not null);
        return all.Count == 0 ? null : new ReportTable
        {
            Title = "Compared with FP16",
            Columns =
            [
                .. CaseRows.NameColumns,
                ReportColumn.Number("Memory Saved"),
                ReportColumn.Number("Speedup"),
                ReportColumn.Number("FTL Change"),
                .. hasQuality ? new[] { ReportColumn.Number("PPL Change") } : [],
            ],
            Rows = [.. shown.Select(comparison => Row(comparison, hasQuality))],
            Notes =
            [
                .. hasQuality ? new[] { "PPL: perplexity on the same text; higher is worse." } : [],
                .. Notes(report, all),
            ],
        };
    }

    private static IReadOnlyList<ReportCell> Row(CaseComparison comparison, bool hasQuality) => CaseRows.Row(
        comparison.Case,
        [
            ReportCell.Judged(FigureFormat.Percent(comparison.MemorySaved), comparison.MemorySaved, 0),
            ReportCell.Judged(FigureFormat.Times(comparison.Speedup), comparison.Speedup, 1),
            ReportCell.Judged(FigureFormat.Change(comparison.FirstTokenChange), -comparison.FirstTokenChange, 0),
            .. hasQuality ? new[] { new ReportCell(FigureFormat.Change(comparison.PerplexityChange)) } : [],
        ]);

    private static IEnumerable<string> Notes(RunReport report, IReadOnlyList<CaseComparison> all)
    {
        foreach (CaseComparison comparison in all)
        {
            if (!comparison.Case.Success)
            {
                yield return $"{CaseRows.Name(comparison.Case)}: no comparison, the case failed.";
            }
            else if (comparison.Baseline is null)
            {
                bool failed = report.Results.Any(other => !other.Success
                    && other.ModelName == comparison.Case.ModelName
                    && other.Quantization == CaseComparison.BaselineQuantization);
                string reason = failed ? "failed" : "is not in this run";
                yield return $"{CaseRows.Name(comparison.Case)}: no comparison, the model's FP16 case {reason}.";
            }
        }
    }
}
