using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>Why a case is as fast as it is: bytes, bandwidth, and the speedup that they predict beside the one reached.</summary>
public static class RooflineTable
{
    /// <summary>The table; null where no case has a roofline.</summary>
    public static ReportTable? Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        CaseResult[] results = [.. CaseRows.Succeeded(report).Where(result => result.Roofline is not null)];
        Dictionary<CaseResult, CaseComparison> comparisons = new(ReferenceEqualityComparer.Instance);
        foreach (CaseComparison comparison in CaseComparison.Of(report))
        {
            comparisons[comparison.Case] = comparison;
        }

        return results.Length == 0 ? null : new ReportTable
        {
            Title = "Why",
            Columns =
            [
                .. CaseRows.NameColumns,
                ReportColumn.Number("Read"),
                ReportColumn.Number("Floor µs"),
                ReportColumn.Number("Token µs"),
                ReportColumn.Number("Roofline"),
                ReportColumn.Number("Predicted"),
                ReportColumn.Number("Reached"),
            ],
            Rows = [.. results.Select(result => Row(result, comparisons.GetValueOrDefault(result)))],
            Notes =
            [
                "Read: bytes that one token must read. Floor: the time for that at the measured bandwidth.",
                "Token: mean inter-token latency. Roofline: floor / token.",
                "Predicted: speedup over FP16 if reading weights were all the work. Reached: the speedup in throughput.",
            ],
        };
    }

    private static IReadOnlyList<ReportCell> Row(CaseResult result, CaseComparison? comparison) => CaseRows.Row(
        result,
        new(FigureFormat.Bytes(result.Roofline?.BytesPerToken)),
        new(FigureFormat.Number(result.Roofline?.FloorUs)),
        new(FigureFormat.Number(InterToken.MeanMs(result) * 1e3)),
        new(FigureFormat.Percent(result.Roofline?.Fraction)),
        new(FigureFormat.Times(comparison?.PredictedSpeedup)),
        new(FigureFormat.Times(comparison?.Speedup)));
}
