using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.History;

/// <summary>Makes series of a history.</summary>
public static class Trends
{
    /// <summary>
    /// One series per case and metric, in the order in which the cases first appear; failed cases, smoke runs and figures that were
    /// not measured leave no point.
    /// </summary>
    /// <param name="history">Runs, oldest first.</param>
    public static IReadOnlyList<TrendSeries> Of(IReadOnlyList<HistoryEntry> history)
    {
        ArgumentNullException.ThrowIfNull(history);
        return
        [
            .. history
                .Where(entry => entry.Report.Metadata.Smoke is not true)
                .SelectMany(entry => entry.Report.Results.Where(result => result.Success).Select(result => (Entry: entry, Result: result)))
                .GroupBy(run => TrendCase.Of(run.Result))
                .SelectMany(runs => CaseMetrics.All.Select(metric => Series(runs.Key, metric, runs)))
                .Where(series => series.Points.Count > 0),
        ];
    }

    private static TrendSeries Series(TrendCase trendCase, CaseMetric metric, IEnumerable<(HistoryEntry Entry, CaseResult Result)> runs)
    {
        TrendPoint[] points =
        [
            .. runs
                .Where(run => metric.Value(run.Result) is { } value && double.IsFinite(value))
                .Select(run => new TrendPoint(
                    run.Entry.Report.Metadata.StartedAt ?? DateTimeOffset.MinValue,
                    run.Entry.Report.Metadata.Commit,
                    run.Entry.File,
                    metric.Value(run.Result)!.Value,
                    metric.SpreadOf(run.Result))),
        ];
        return new TrendSeries
        {
            Case = trendCase,
            Metric = metric,
            Points = points,
            ChangePoints = ChangePointDetector.Find([.. points.Select(point => point.Value)], metric.HigherIsBetter),
        };
    }
}
