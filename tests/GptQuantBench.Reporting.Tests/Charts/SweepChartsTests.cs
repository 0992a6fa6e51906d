using System.Xml.Linq;
using GptQuantBench.Reporting.Charts;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;
using SkiaSharp;

namespace GptQuantBench.Reporting.Tests.Charts;

public sealed class SweepChartsTests
{
    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    private static readonly RunReport _report = new()
    {
        Sweeps =
        [
            .. Formats().SelectMany(format => (int[])[1, 8, 64], (format, size) => SampleReports.Batch(format.Name, format.Format, size, format.Speed * Math.Sqrt(size))),
            .. Formats().SelectMany(format => (int[])[5, 128, 512], (format, length) => SampleReports.Batch(format.Name, format.Format, 1, format.Speed) with
            {
                Sweep = SweepResult.PromptLength, PromptTokens = length, FirstTokenLatencyMs = 3000 * length / format.Speed,
            }),
            .. Formats().SelectMany(format => (int[])[0, 512, 950], (format, depth) => SampleReports.Batch(format.Name, format.Format, 1, format.Speed - depth) with
            {
                Sweep = SweepResult.Depth, DepthTokens = depth,
            }),
        ],
    };

    public static TheoryData<string> Names => ["prompt-length", "depth", "batch-size"];

    [Fact]
    public void EachSweepWithALineHasItsChartAlsoWithoutCases() => Assert.Equal(Names.Select(name => name.Data), ReportCharts.Of(_report).Select(chart => chart.Name));

    [Fact]
    public void ASinglePointIsNoLine()
    {
        RunReport one = _report with { Sweeps = [.. _report.Sweeps.Where(row => row is { Sweep: SweepResult.BatchSizes, BatchSize: 8 })] };
        Assert.Empty(ReportCharts.Of(one));
        Assert.Empty(ReportCharts.Of(_report with { Sweeps = [.. _report.Sweeps.Select(row => row with { Success = false })] }));
    }

    [Theory, MemberData(nameof(Names))]
    public void LabelsAreTextInsideThePictureAndApart(string name)
    {
        foreach (ChartTheme theme in ChartTheme.All)
        {
            (Chart chart, XElement[] texts) = Texts(name, theme);
            Assert.All(texts, text => SvgText.AssertInside(text, chart));
            double[] ends = [.. Formats().Select(format => SvgText.Anchor(texts.Single(text => text.Value == format.Name)).Y).Order()];
            Assert.All(ends.Zip(ends.Skip(1)), pair => Assert.True(pair.Second - pair.First >= 15.9, $"{pair}"));
            using SKBitmap picture = SKBitmap.Decode(chart.ToPng(theme));
            Assert.All(Formats(), format => AssertDrawn(picture, theme, texts.Single(text => text.Value == format.Name)));
        }
    }

    [Fact]
    public void EqualFactorsAreEqualStepsOnALogarithmicAxis()
    {
        (_, XElement[] texts) = Texts("batch-size", ChartTheme.Light);
        double[] places = [.. new[] { "1", "8", "64" }.Select(tick => XTick(texts, tick))];
        Assert.Equal(places[1] - places[0], places[2] - places[1], 1.5);
        Assert.True(places[1] - places[0] > 100);
    }

    [Fact]
    public void ALinearAxisStartsAtZero()
    {
        (_, XElement[] texts) = Texts("depth", ChartTheme.Light);
        Assert.Equal(2, texts.Count(text => text.Value == "0"));
        double[] places = [.. new[] { "0", "512", "950" }.Select(tick => XTick(texts, tick))];
        Assert.Equal(512.0 / 950, (places[1] - places[0]) / (places[2] - places[0]), 0.01);
    }

    [Fact]
    public void TheDescriptionSaysWhatTheLinesShow() => Assert.Contains(
        "4-bit: 2000 at 1, 5657 at 8, 16000 at 64", ReportCharts.Of(_report).Single(chart => chart.Name == "batch-size").Description, StringComparison.Ordinal);

    [Theory]
    [InlineData(0.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e-300)]
    [InlineData(1e300)]
    public void OddFiguresAreDrawnOrLeftOut(double value)
    {
        RunReport odd = _report with
        {
            Sweeps = [.. _report.Sweeps.Select((row, index) => index % 2 == 0 ? row with { ThroughputTokensPerSec = value, FirstTokenLatencyMs = value, Samples = null } : row)],
        };
        Assert.All(ReportCharts.Of(odd), chart => Assert.DoesNotContain("NaN", chart.ToSvg(ChartTheme.Light), StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The text is there in the picture too, and not cut away at the axes.</summary>
    private static void AssertDrawn(SKBitmap picture, ChartTheme theme, XElement text)
    {
        (double x, double y, _) = SvgText.Anchor(text);
        int inked = 0;
        for (int row = (int)(Chart.PngScale * (y - 12)); row < Chart.PngScale * (y + 4); row++)
        {
            for (int column = (int)(Chart.PngScale * (x + SvgText.Number(text, "x"))); column < Chart.PngScale * (x + SvgText.Number(text, "x") + SvgText.Number(text, "textLength")); column++)
            {
                inked += picture.GetPixel(column, row) == SKColor.Parse(theme.Text) ? 1 : 0;
            }
        }

        Assert.True(inked > 50, $"{text.Value}: {inked} pixels");
    }

    private static (string Name, string Format, double Speed)[] Formats() =>
        [("FP16", "fp16", 1000), ("8-bit", "int8-row-sym", 1010), ("4-bit", "int4-g32-sym", 2000)];

    private static (Chart Chart, XElement[] Texts) Texts(string name, ChartTheme theme)
    {
        Chart chart = ReportCharts.Of(_report).Single(chart => chart.Name == name);
        return (chart, [.. XDocument.Parse(chart.ToSvg(theme)).Descendants(_svg + "text")]);
    }

    /// <summary>The middle of a number below the horizontal axis: the lowest of the texts that read so.</summary>
    private static double XTick(XElement[] texts, string value)
    {
        XElement text = texts.Where(text => text.Value == value).MaxBy(text => SvgText.Anchor(text).Y)!;
        return SvgText.Anchor(text).X + SvgText.Number(text, "x") + SvgText.Number(text, "textLength") / 2;
    }
}
