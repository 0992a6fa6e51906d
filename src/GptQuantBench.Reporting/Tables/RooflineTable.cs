using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>Why a case is as fast as it is: bytes, bandwidth, and the speedup that they predict beside the one reached.</summary>
public static class RooflineTable
{
    private static readonly ReportColumn[] _launchColumns = [ReportColumn.Number("Launches"), ReportColumn.Number("Host µs")];

    private static readonly string[] _launchNotes =
        ["Launches: kernels, copies and fills of one token, counted. Host: time to queue them, beside the device's work."];

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

        // A CPU launches nothing: two columns of dashes would say less than none.
        bool hasLaunches = results.Any(result => result.Roofline!.LaunchesPerToken is not null);
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
                .. hasLaunches ? _launchColumns : [],
            ],
            Rows = [.. results.Select(result => Row(result, comparisons.GetValueOrDefault(result), hasLaunches))],
            Notes =
            [
                "Read: bytes that one token must read. Floor: the time for that at the measured bandwidth.",
                "Token: mean inter-token latency. Roofline: floor / token.",
                "Predicted: speedup over FP16 if reading weights were all the work. Reached: the speedup in throughput.",
                .. hasLaunches ? _launchNotes : [],
            ],
        };
    }

    private static IReadOnlyList<ReportCell> Row(CaseResult result, CaseComparison? comparison, bool hasLaunches) => CaseRows.Row(
        result,
        [
            new(FigureFormat.Bytes(result.Roofline?.BytesPerToken)),
            new(FigureFormat.Number(result.Roofline?.FloorUs)),
            new(FigureFormat.Number(InterToken.MeanMs(result) * 1e3)),
            new(FigureFormat.Percent(result.Roofline?.Fraction)),
            new(FigureFormat.Times(comparison?.PredictedSpeedup)),
            new(FigureFormat.Times(comparison?.Speedup)),
            .. hasLaunches
                ? (ReportCell[])
                [
                    new(FigureFormat.Count(result.Roofline?.LaunchesPerToken)),
                    new(FigureFormat.Number(result.Roofline?.HostUsPerToken)),
                ]
                : [],
        ]);
}
