using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>The reference script's summary: one row per case, failed ones too.</summary>
public static class SummaryTable
{
    /// <summary>The table.</summary>
    public static ReportTable Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new ReportTable
        {
            Title = "Summary",
            Columns =
            [
                .. CaseRows.NameColumns,
                ReportColumn.Number("Load(s)"),
                ReportColumn.Number("Mem(GB)"),
                ReportColumn.Number("FTL(ms)"),
                ReportColumn.Number("Throughput"),
                ReportColumn.Text("Status"),
            ],
            Rows = [.. report.Results.Select(Row)],
            Notes = [.. Notes(report)],
        };
    }

    private static IReadOnlyList<ReportCell> Row(CaseResult result)
    {
        CaseSpread? spread = result.Spread;
        return CaseRows.Row(
            result,
            new(FigureFormat.WithSpread(result.LoadTimeSec, spread?.LoadTimeSec)),
            new(FigureFormat.Number(result.MemoryGb)),
            new(FigureFormat.WithSpread(result.FirstTokenLatencyMs, spread?.FirstTokenLatencyMs)),
            new(FigureFormat.WithSpread(result.ThroughputTokensPerSec, spread?.ThroughputTokensPerSec)),
            result.Success ? new("OK", CellTone.Good) : new("FAILED", CellTone.Bad));
    }

    private static IEnumerable<string> Notes(RunReport report)
    {
        if (report.Results.Count == 0)
        {
            yield return "No case has run.";
            yield break;
        }

        foreach (CaseResult result in report.Results.Where(result => !result.Success))
        {
            yield return $"{CaseRows.Name(result)} failed: {result.Error ?? "no reason was recorded."}";
        }

        yield return "FTL: first-token latency. Throughput: tokens per second.";
        if (report.Results.Any(result => result.Samples is not null))
        {
            yield return "±: median absolute deviation of the samples in percent of their median.";
        }

        if (report.Results.Any(result => result.Weights == WeightKind.Synthetic))
        {
            yield return "Synthetic weights: speed and memory are those of the real model, text and quality mean nothing.";
        }
    }
}
