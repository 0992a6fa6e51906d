using System.Globalization;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.History;

namespace GptQuantBench.Reporting.Charts;

/// <summary>Charts of a history.</summary>
public static class TrendCharts
{
    /// <summary>A chart per case and figure that at least two runs measured, in the order of the series.</summary>
    public static IReadOnlyList<Chart> Of(IReadOnlyList<HistoryEntry> history)
    {
        var names = new HashSet<string>();
        return [.. Trends.Of(history).Where(series => series.Points.Count > 1).Select(series => Chart(series, names))];
    }

    private static TrendChart Chart(TrendSeries series, HashSet<string> names)
    {
        TrendCase trendCase = series.Case;
        string title = $"{trendCase.ModelName} {trendCase.Quantization}: {series.Metric.Name.ToLowerInvariant()}, {series.Metric.Unit}";
        string[] changes =
        [
            .. series.ChangePoints.Select(change =>
                $"Run of {FigureFormat.Moment(series.Points[change.Index].StartedAt)}"
                + (series.Points[change.Index].Commit is { } commit ? $" (commit {commit[..Math.Min(commit.Length, 12)]})" : "")
                + $": {FigureFormat.Change(change.Change)}, {(change.IsImprovement ? "better" : "worse")}."),
        ];
        return new TrendChart
        {
            Name = UniqueName($"trend-{series.Metric.Name}-{trendCase.ModelName}-{trendCase.Quantization}", names),
            Title = title,
            Subtitles =
            [
                .. new[] { string.Join(", ", new[] { trendCase.Device, trendCase.Decode }.Where(part => !string.IsNullOrEmpty(part))) }.Where(line => line.Length > 0),
                .. series.Points.Any(point => point.Spread is not null) ? new[] { "Medians with smallest and largest sample; the axis does not begin at zero." } : ["The axis does not begin at zero."],
                .. changes,
            ],
            Description = $"{series.Points.Count} runs from {FigureFormat.Number(series.Points[0].Value)} to {FigureFormat.Number(series.Points[^1].Value)} {series.Metric.Unit}. "
                + (changes.Length == 0 ? "The level did not change." : string.Join(" ", changes)),
            Series = series,
        };
    }

    private static string UniqueName(string text, HashSet<string> names)
    {
        string slug = string.Join('-', new string([.. text.ToLowerInvariant().Select(character => char.IsAsciiLetterOrDigit(character) ? character : ' ')])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries));
        // File systems allow 255 bytes for a name.
        slug = slug[..Math.Min(slug.Length, 120)];
        string name = slug;
        for (int number = 2; !names.Add(name); number++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{slug}-{number}");
        }

        return name;
    }
}
