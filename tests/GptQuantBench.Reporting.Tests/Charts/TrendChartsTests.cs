using System.Xml.Linq;
using GptQuantBench.Reporting.Charts;
using GptQuantBench.Reporting.History;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Charts;

public sealed class TrendChartsTests
{
    [Fact]
    public void ChangeOfLevelIsMarkedWithItsSizeAndItsRun()
    {
        Chart chart = Chart("trend-throughput-gpt2-fp16", run => run < 8 ? 1 : 0.8);
        string[] texts = Texts(chart);

        Assert.Contains("-20.0% worse", texts);
        Assert.Contains(texts, text => text.StartsWith("Run of 2026-03-09", StringComparison.Ordinal) && text.Contains("commit abc8", StringComparison.Ordinal));
        Assert.NotEmpty(chart.ToPng(ChartTheme.Dark));
    }

    [Fact]
    public void SteadyCaseHasNoMark() =>
        Assert.DoesNotContain(Texts(Chart("trend-throughput-gpt2-fp16", _ => 1)), text => text.Contains("worse", StringComparison.Ordinal) || text.Contains("better", StringComparison.Ordinal));

    [Fact]
    public void OneRunIsNoTrend() => Assert.Empty(TrendCharts.Of(History(1, _ => 1)));

    [Fact]
    public void NamesAreUnique()
    {
        IReadOnlyList<Chart> charts = TrendCharts.Of(History(3, _ => 1));
        Assert.Equal(charts.Count, charts.Select(chart => chart.Name).Distinct().Count());
        Assert.Equal(5 * 4, charts.Count);
    }

    private static Chart Chart(string name, Func<int, double> factor) => TrendCharts.Of(History(16, factor)).Single(chart => chart.Name == name);

    private static string[] Texts(Chart chart) =>
        [.. XDocument.Parse(chart.ToSvg(ChartTheme.Light)).Descendants().Where(element => element.Name.LocalName == "text").Select(text => text.Value)];

    private static HistoryEntry[] History(int runs, Func<int, double> factor) =>
    [
        .. Enumerable.Range(0, runs).Select(run =>
        {
            RunReport full = SampleReports.Full();
            double noise = 1 + 0.001 * (run * 7 % 5);
            return new HistoryEntry($"{run}.json", full with
            {
                Metadata = full.Metadata with { StartedAt = new DateTimeOffset(2026, 3, 1 + run, 6, 0, 0, TimeSpan.Zero), Commit = $"abc{run}", Smoke = null },
                Results = [.. full.Results.Select(result => result with { ThroughputTokensPerSec = result.ThroughputTokensPerSec * factor(run) * noise, Samples = null })],
            });
        }),
    ];
}
