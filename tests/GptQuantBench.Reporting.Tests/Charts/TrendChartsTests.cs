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

    [Fact]
    public void ASteadyCaseSaysSo()
    {
        Chart chart = TrendCharts.Of(ChartReports.History(_ => 1000)).Single();
        Assert.Equal("16 runs from 1000 to 1000 tok/s. The level did not change.", chart.Description);
        Assert.Equal(["Example GPU, persistent", "Medians with smallest and largest sample; the axis does not begin at zero."], chart.Subtitles);
    }

    [Fact]
    public void ChangesAreSaidOneAfterTheOther() => Assert.Equal(
        "24 runs from 1000 to 1000 tok/s. Run of 2026-03-09 06:00:00 UTC (commit 0123456789ab): -20.0%, worse. "
            + "Run of 2026-03-17 06:00:00 UTC (commit 0123456789ab): +25.0%, better.",
        TrendCharts.Of(ChartReports.History(run => run is < 8 or >= 16 ? 1000 : 800, runs: 24)).Single().Description);

    [Fact]
    public void WhatIsNotKnownIsLeftOut()
    {
        HistoryEntry[] history =
        [
            .. ChartReports.History(run => run < 8 ? 1000 : 800, device: null)
                .Select(entry => entry with { Report = entry.Report with { Metadata = entry.Report.Metadata with { Commit = null } } }),
        ];
        history[3] = history[3] with { Report = history[3].Report with { Results = [.. history[3].Report.Results.Select(result => result with { Samples = null })] } };
        Chart chart = TrendCharts.Of(history).Single();
        Assert.Equal(["Medians with smallest and largest sample; the axis does not begin at zero.", "Run of 2026-03-09 06:00:00 UTC: -20.0%, worse."], chart.Subtitles);
    }

    [Fact]
    public void AShortCommitIsWhole() => Assert.Contains(
        "Run of 2026-03-09 06:00:00 UTC (commit abc8): -20.0%, worse.", Chart("trend-throughput-gpt2-fp16", run => run < 8 ? 1 : 0.8).Subtitles);

    /// <summary>File systems take no more than 255 bytes, and not every character.</summary>
    [Fact]
    public void NamesAreMadeOfLettersDigitsAndDashes()
    {
        string[] models = ["../A b_Ö c", "a B/c", "A (b) C", new string('x', 300), "模"];
        Assert.Equal(
            [
                "trend-throughput-a-b-c-fp16",
                "trend-throughput-a-b-c-fp16-2",
                "trend-throughput-a-b-c-fp16-3",
                "trend-throughput-" + new string('x', 120 - "trend-throughput-".Length),
                "trend-throughput-fp16",
            ],
            TrendCharts.Of([.. models.SelectMany(model => ChartReports.History(_ => 1000, runs: 2, model: model))]).Select(chart => chart.Name));
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
