using System.Globalization;
using System.Text.RegularExpressions;
using GptQuantBench.Reporting.Charts;
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
        ["sweeps"] = () => ReportCharts.Of(ChartReports.Sweeps()),
        ["long"] = () => ReportCharts.Of(ChartReports.LongNames()),
        ["worse"] = () => TrendCharts.Of(ChartReports.History(run => (run < 8 ? 1000 : 800) * (1 + 0.001 * (run * 7 % 5)))),
        ["better"] = () => TrendCharts.Of(ChartReports.History(run => run < 4 ? 1000 + run : 1300 + run, runs: 9, hasSamples: false, apart: TimeSpan.FromHours(1))),
        ["edges"] = () => TrendCharts.Of(ChartReports.History(run => (run is < 4 or >= 146 ? 1000 : 1300) + run % 3, runs: 150, hasSamples: false)),
    };

    public static TheoryData<string, string> Charts => new()
    {
        { "full", "throughput" }, { "full", "memory" }, { "full", "first-token" }, { "full", "load-time" }, { "full", "speed-quality" },
        { "full", "memory-quality" }, { "full", "roofline" },
        { "devices", "throughput" }, { "devices", "memory" }, { "devices", "roofline" },
        { "crowd", "speed-memory" },
        { "sweeps", "prompt-length" }, { "sweeps", "depth" }, { "sweeps", "batch-size" },
        { "long", "throughput" }, { "long", "speed-memory" }, { "long", "batch-size" },
        { "worse", "trend-throughput-gpt2-fp16" }, { "better", "trend-throughput-gpt2-fp16" },
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
    [InlineData("'+30.0% better'")]
    [InlineData("'-23.0% worse'")]
    public void ChangesNearTheEndsOfTheAxisKeepTheirWholeLabel(string label)
    {
        string[] lines = DrawnChart.Of(Find("edges", "trend-throughput-gpt2-fp16"), ChartTheme.Light).Split('\n');
        Assert.Contains("axes 68..584 x 116..306", lines);
        Match place = TextSpan().Match(lines.Single(line => line.EndsWith(label, StringComparison.Ordinal)));
        Assert.InRange(double.Parse(place.Groups[1].Value, CultureInfo.InvariantCulture), 68, 584);
        Assert.InRange(double.Parse(place.Groups[2].Value, CultureInfo.InvariantCulture), 68, 584);
    }

    private static Chart Find(string report, string name) => _reports[report]().Single(chart => chart.Name == name);

    [GeneratedRegex(@"^text ([\d.]+)\.\.([\d.]+) x")]
    private static partial Regex TextSpan();
}
