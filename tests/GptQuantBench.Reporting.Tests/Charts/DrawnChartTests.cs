using System.Globalization;
using System.Text.RegularExpressions;
using GptQuantBench.Reporting.Charts;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Charts;

/// <summary>Everything that charts draw, against committed files; and what those files must show.</summary>
public sealed partial class DrawnChartTests
{
    private static readonly Dictionary<string, Func<IReadOnlyList<Chart>>> _reports = new()
    {
        ["full"] = () => ReportCharts.Of(SampleReports.Full()),
        ["devices"] = () => ReportCharts.Of(ChartReports.TwoDevices()),
        ["crowd"] = () => ReportCharts.Of(ChartReports.Crowd()),
        ["near"] = () => ReportCharts.Of(ChartReports.Near()),
        ["single"] = () => ReportCharts.Of(ChartReports.Single()),
        ["two"] = () => ReportCharts.Of(ChartReports.SweepOnTwoDevices()),
        ["sweeps"] = () => ReportCharts.Of(ChartReports.Sweeps()),
        ["long"] = () => ReportCharts.Of(ChartReports.LongNames()),
        ["worse"] = () => TrendCharts.Of(ChartReports.History(run => (run < 8 ? 1000 : 800) * (1 + 0.001 * (run * 7 % 5)))),
        ["better"] = () => TrendCharts.Of(ChartReports.History(run => run < 4 ? 1000 + run : 1300 + run, runs: 9, hasSamples: false, apart: TimeSpan.FromHours(1))),
        ["steady"] = () => TrendCharts.Of(ChartReports.History(run => 1000 + run, runs: 12, hasSamples: false)),
        ["edges"] = () => TrendCharts.Of(ChartReports.History(run => (run is < 4 or >= 146 ? 1000 : 1300) + run % 3, runs: 150, hasSamples: false)),
    };

    public static TheoryData<string, string> Charts => new()
    {
        { "full", "throughput" }, { "full", "memory" }, { "full", "first-token" }, { "full", "load-time" }, { "full", "speed-quality" },
        { "full", "memory-quality" }, { "full", "roofline" },
        { "devices", "throughput" }, { "devices", "memory" }, { "devices", "roofline" },
        { "devices", "speed-memory" }, { "crowd", "speed-memory" }, { "near", "speed-memory" }, { "single", "speed-memory" }, { "two", "batch-size" },
        { "sweeps", "prompt-length" }, { "sweeps", "depth" }, { "sweeps", "batch-size" },
        { "long", "throughput" }, { "long", "speed-memory" }, { "long", "batch-size" },
        { "worse", "trend-throughput-gpt2-fp16" }, { "better", "trend-throughput-gpt2-fp16" },
        { "steady", "trend-throughput-gpt2-fp16" },
    };

    [Theory, MemberData(nameof(Charts))]
    public void EverythingIsDrawnWhereItBelongs(string report, string name) =>
        Golden.Verify($"chart-{report}-{name}.verified.txt", DrawnChart.Of(Find(report, name), ChartTheme.Light));

    [Theory, MemberData(nameof(Charts))]
    public void DarkChartsDifferInTheColoursOfTheirThemeOnly(string report, string name)
    {
        Chart chart = Find(report, name);
        string expected = DrawnChart.Of(chart, ChartTheme.Light)
            .Replace(" white", " #14181D", StringComparison.Ordinal)
            .Replace("#1B1F24", "#E8EAED", StringComparison.Ordinal)
            .Replace("#57606A", "#A9B1BA", StringComparison.Ordinal)
            .Replace("#DDE1E6", "#343B44", StringComparison.Ordinal);
        Assert.Equal(expected, DrawnChart.Of(chart, ChartTheme.Dark));
    }

    [Theory]
    [InlineData("'+30.0% better'", 1, 68.0)]
    [InlineData("'-23.0% worse'", 2, 584.0)]
    public void ChangesNearTheEndsOfTheAxisKeepTheirWholeLabel(string label, int side, double end)
    {
        string[] lines = DrawnChart.Of(Find("edges", "trend-throughput-gpt2-fp16"), ChartTheme.Light).Split('\n');
        Assert.Contains("axes 68..584 x 116..306", lines);
        Match place = TextSpan().Match(lines.Single(line => line.EndsWith(label, StringComparison.Ordinal)));
        Assert.Equal(end, double.Parse(place.Groups[side].Value, CultureInfo.InvariantCulture), 1.0);
        Assert.InRange(double.Parse(place.Groups[3 - side].Value, CultureInfo.InvariantCulture), 68, 584);
    }

    /// <summary>A line on which nothing changes lies in the middle, and the axis has its one value.</summary>
    [Fact]
    public void EqualFiguresAreALineInTheMiddle()
    {
        RunReport flat = ChartReports.SweepOnTwoDevices() with
        {
            Sweeps = [.. ChartReports.SweepOnTwoDevices().Sweeps.Take(3).Select(row => row with { ThroughputTokensPerSec = 1000 })],
        };
        string[] lines = DrawnChart.Of(ReportCharts.Of(flat).Single(), ChartTheme.Light).Split('\n');
        Assert.Contains("axes 68..584 x 65..365", lines);
        Assert.Contains(lines, line => line.StartsWith("line #0072B2 2px ", StringComparison.Ordinal) && line.EndsWith(",215", StringComparison.Ordinal));
        Assert.Single(lines, line => line.StartsWith("text ", StringComparison.Ordinal) && line.EndsWith("'1000'", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.EndsWith("'500'", StringComparison.Ordinal) || line.EndsWith("'10000'", StringComparison.Ordinal));
    }

    private static Chart Find(string report, string name) => _reports[report]().Single(chart => chart.Name == name);

    [GeneratedRegex(@"^text ([\d.]+)\.\.([\d.]+) x")]
    private static partial Regex TextSpan();
}
