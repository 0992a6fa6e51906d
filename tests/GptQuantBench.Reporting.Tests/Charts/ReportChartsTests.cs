using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using GptQuantBench.Reporting.Charts;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;
using SkiaSharp;

namespace GptQuantBench.Reporting.Tests.Charts;

public sealed partial class ReportChartsTests
{
    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";
    private static readonly IReadOnlyList<Chart> _charts = ReportCharts.Of(SampleReports.Full());

    public static TheoryData<string, string> ChartsAndThemes =>
        [.. _charts.SelectMany(chart => ChartTheme.All.Select(theme => (chart.Name, theme.Name)))];

    [Fact]
    public void NamesAreStable() => Assert.Equal(
        ["throughput", "memory", "first-token", "load-time", "speed-quality", "memory-quality", "roofline"], _charts.Select(chart => chart.Name));

    [Theory]
    [InlineData("throughput", "light")]
    [InlineData("speed-quality", "dark")]
    public void PngIsAPictureOfTheSizeWithTheThemesBackground(string name, string themeName)
    {
        (Chart chart, ChartTheme theme) = Find(name, themeName);
        using SKBitmap picture = SKBitmap.Decode(chart.ToPng(theme));

        Assert.Equal(Chart.Width * Chart.PngScale, picture.Width);
        Assert.Equal(chart.Height * Chart.PngScale, picture.Height);
        Assert.Equal(SKColor.Parse(theme.Background), picture.GetPixel(2, 2));
        int background = picture.Pixels.Count(pixel => pixel == SKColor.Parse(theme.Background));
        Assert.InRange(background / (double)picture.Pixels.Length, 0.3, 0.97);
        // Each of the three formats has its colour somewhere.
        Assert.All(["#0072B2", "#E69F00", "#009E73"], color => Assert.Contains(SKColor.Parse(color), picture.Pixels));
    }

    [Theory, MemberData(nameof(ChartsAndThemes))]
    public void SvgHasItsLabelsAsTextInsideThePicture(string name, string themeName)
    {
        (Chart chart, ChartTheme theme) = Find(name, themeName);
        XElement root = XDocument.Parse(chart.ToSvg(theme)).Root!;
        string[] texts = [.. root.Descendants(_svg + "text").Select(text => text.Value)];

        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"0 0 {Chart.Width} {chart.Height}"), (string?)root.Attribute("viewBox"));
        Assert.Equal("img", (string?)root.Attribute("role"));
        Assert.Contains(chart.Title, texts);
        Assert.Contains(texts, text => text.Contains("8-bit", StringComparison.Ordinal));
        Assert.All(root.Descendants(_svg + "text"), text => SvgText.AssertInside(text, chart));
        Assert.All(root.DescendantsAndSelf().Attributes("id"), id => Assert.StartsWith(name + "-", id.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void BarsAreAsLongAsTheirValuesFromZero()
    {
        XElement root = XDocument.Parse(_charts[1].ToSvg(ChartTheme.Light)).Root!;
        double[] lengths = [.. Bars(root).Select(bar => SvgText.Number(bar, "width"))];
        double[] values = [.. SampleReports.Full().Results.Where(result => result.Success).Select(result => result.MemoryGb!.Value)];

        Assert.Equal(values.Length, lengths.Length);
        Assert.Single(Bars(root).Select(bar => SvgText.Number(bar, "x")).Distinct());
        Assert.All(lengths.Zip(values), bar => Assert.Equal(lengths[0] / values[0], bar.First / bar.Second, 1e-3 * lengths[0] / values[0]));
    }

    [Fact]
    public void FailedCaseKeepsItsPlaceAndSaysSo() =>
        Assert.Single(XDocument.Parse(_charts[0].ToSvg(ChartTheme.Light)).Descendants(_svg + "text"), text => text.Value == "failed");

    [Fact]
    public void SameReportGivesTheSameBytes() => Assert.All(ReportCharts.Of(SampleReports.Full()).Zip(_charts), pair =>
    {
        Assert.Equal(pair.First.ToSvg(ChartTheme.Dark), pair.Second.ToSvg(ChartTheme.Dark));
    });

    [Fact]
    public void WithoutQualitySpeedStandsAgainstMemory()
    {
        RunReport full = SampleReports.Full();
        RunReport without = full with { Results = [.. full.Results.Select(result => result with { Quality = null })] };

        Assert.Contains("speed-memory", ReportCharts.Of(without).Select(chart => chart.Name));
    }

    [Fact]
    public void ReportWithoutFiguresHasNoCharts()
    {
        Assert.Empty(ReportCharts.Of(new RunReport()));
        Assert.Empty(ReportCharts.Of(SampleReports.Minimal()));
    }

    [Fact]
    public void WithoutAFloorOrATimeOfATokenThereIsNoRoofline()
    {
        RunReport near = ChartReports.Near();
        Assert.Contains("roofline", ReportCharts.Of(near).Select(chart => chart.Name));
        RunReport[] without =
        [
            near with { Results = [.. near.Results.Select(result => result with { Roofline = null })] },
            near with { Results = [.. near.Results.Select(result => result with { TotalInferenceTimeSec = null, ThroughputTokensPerSec = null, InterTokenLatencyMs = null })] },
        ];
        Assert.All(without, report => Assert.DoesNotContain("roofline", ReportCharts.Of(report).Select(chart => chart.Name)));
    }

    [Theory]
    [InlineData("A GPU", "A CPU", WeightKind.Real, "A GPU, 51 new tokens")]
    [InlineData(null, "A CPU", WeightKind.Synthetic, "A CPU, 51 new tokens, synthetic weights")]
    [InlineData(null, null, WeightKind.Real, "51 new tokens")]
    public void TheSubtitleSaysWhereAndWhatWasMeasured(string? gpu, string? cpu, WeightKind first, string expected)
    {
        RunReport near = ChartReports.Near();
        RunReport report = near with
        {
            Metadata = new RunMetadata { Gpu = gpu, Host = new HostRecord { Cpu = cpu } },
            Results = [.. near.Results.Select((result, index) => result with { Weights = index == 0 ? first : WeightKind.Real })],
        };
        Assert.Equal(expected, ReportCharts.Of(report)[0].Subtitles[0]);
    }

    [Fact]
    public void MemoryIsInMegabytesWhereEveryCaseHasFewerThan200()
    {
        Assert.Equal("gpt2: a 199 MB, b 100 MB.", Description(0.199, 0.1));
        Assert.Equal("gpt2: a 0.200 GB, b 0.100 GB.", Description(0.2, 0.1));

        static string Description(params double[] memoryGb) => ReportCharts.Of(new RunReport
        {
            Results =
            [
                .. memoryGb.Select((value, index) => new CaseResult { ModelName = "gpt2", Quantization = index == 0 ? "a" : "b", Success = true, MemoryGb = value }),
            ],
        }).Single().Description;
    }

    [Fact]
    public void WhereEverythingIsZeroTheAxisEndsAtOne()
    {
        RunReport zero = new() { Results = [new CaseResult { ModelName = "gpt2", Quantization = "FP16", Success = true, LoadTimeSec = 0 }] };
        string[] texts = [.. XDocument.Parse(ReportCharts.Of(zero).Single().ToSvg(ChartTheme.Light)).Descendants(_svg + "text").Select(text => text.Value)];
        Assert.Contains("0 s", texts);
        Assert.All(["0", "0.2", "1"], tick => Assert.Contains(tick, texts));
    }

    [Fact]
    public void AwkwardNamesAreDrawnWithinThePicture()
    {
        foreach (Chart chart in ReportCharts.Of(SampleReports.Awkward()))
        {
            Assert.NotEmpty(chart.ToPng(ChartTheme.Light));
            Assert.All(XDocument.Parse(chart.ToSvg(ChartTheme.Light)).Descendants(_svg + "text"), text => SvgText.AssertInside(text, chart));
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e-300)]
    [InlineData(1e300)]
    public void OddFiguresAreDrawnOrLeftOut(double value)
    {
        RunReport full = SampleReports.Full();
        RunReport odd = full with
        {
            Results =
            [
                .. full.Results.Select(result => result with { MemoryGb = value, ThroughputTokensPerSec = value, FirstTokenLatencyMs = value, LoadTimeSec = value, Samples = null }),
            ],
        };

        Assert.All(ReportCharts.Of(odd), chart => Assert.DoesNotMatch(NotANumber(), chart.ToSvg(ChartTheme.Light)));
    }

    private static (Chart Chart, ChartTheme Theme) Find(string name, string theme) =>
        (_charts.Single(chart => chart.Name == name), ChartTheme.All.Single(candidate => candidate.Name == theme));

    private static IEnumerable<XElement> Bars(XElement root) =>
        root.Descendants(_svg + "rect").Where(rect => (string?)rect.Attribute("fill") is "#0072B2" or "#E69F00" or "#009E73");

    [GeneratedRegex(@"NaN|Infinity|∞|[""\s]nan|[""\s]inf\b")]
    private static partial Regex NotANumber();
}
