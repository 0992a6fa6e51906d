using GptQuantBench.Reporting.Charts;
using GptQuantBench.Reporting.Html;
using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Pages;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Pages;

public sealed class ReportPagesTests
{
    /// <summary>One chart: pictures take most of the time.</summary>
    private static readonly RunReport _report = SampleReports.Full() with
    {
        Results = [.. SampleReports.Full().Results.Select(result => new CaseResult { ModelName = result.ModelName, Quantization = result.Quantization, Success = true, LoadTimeSec = 1 })],
        Sweeps = [],
    };

    [Fact]
    public void EverythingHasItsName()
    {
        using var folder = new TemporaryFolder();
        ReportPages pages = ReportPages.Write(folder.FileNamed("artifacts"), SampleReports.Full(), []);

        Assert.Empty(pages.Warnings);
        string[] charts = ["first-token", "load-time", "memory", "memory-quality", "roofline", "speed-quality", "throughput"];
        string[] expected =
        [
            .. charts.SelectMany(name => new[] { $"{name}.png", $"{name}.svg", $"{name}-dark.png", $"{name}-dark.svg" }),
            "llm_benchmark_results.html",
            "llm_benchmark_results.md",
        ];
        Assert.Equal(expected.Order(), folder.Files());
        Assert.Equal(folder.FileNamed("artifacts", "llm_benchmark_results.md"), pages.Markdown);
        Assert.Equal(folder.FileNamed("artifacts", "llm_benchmark_results.html"), pages.Html);
        Assert.Equal(folder.FileNamed("artifacts", "charts"), pages.Charts);
    }

    [Fact]
    public void ReportOfAnotherNameLiesBeside()
    {
        using var folder = new TemporaryFolder();
        ReportPages pages = ReportPages.Write(folder.FileNamed("a"), SampleReports.Minimal(), [], "large");

        Assert.Equal(folder.FileNamed("a", "large.html"), pages.Html);
        Assert.Equal(folder.FileNamed("a", "large.md"), pages.Markdown);
        Assert.Equal(folder.FileNamed("a", "large_charts"), pages.Charts);
    }

    [Fact]
    public void ThePagesAreThoseOfTheReportWithItsTrends()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<Chart> trends = TrendCharts.Of(ChartReports.History(_ => 1000, runs: 2, hasSamples: false));
        ReportPages pages = ReportPages.Write(folder.FileNamed("artifacts"), _report, trends);

        Assert.Empty(pages.Warnings);
        Assert.Equal(MarkdownReport.Of(_report), File.ReadAllText(pages.Markdown));
        Assert.Equal(HtmlReport.Of(_report, ReportCharts.Of(_report), trends, Assert.Fail), File.ReadAllText(pages.Html));
        Assert.Equal(ReportCharts.Of(_report).Single().ToSvg(ChartTheme.Dark), File.ReadAllText(Path.Combine(pages.Charts, "load-time-dark.svg")));
        Assert.Equal(trends.Single().ToSvg(ChartTheme.Light), File.ReadAllText(Path.Combine(pages.Charts, "trend-throughput-gpt2-fp16.svg")));
        Assert.Equal(trends.Single().ToPng(ChartTheme.Dark), File.ReadAllBytes(Path.Combine(pages.Charts, "trend-throughput-gpt2-fp16-dark.png")));
    }

    [Fact]
    public void AChartThatCannotBeDrawnIsNamedAndTheRestIsThere()
    {
        using var folder = new TemporaryFolder();
        ReportPages pages = ReportPages.Write(folder.FileNamed("artifacts"), _report, [FaultyChart.Named("faulty")]);

        Assert.Equal(
            [
                "Chart 'faulty' could not be drawn into the page: Nothing can be drawn.",
                $"Chart 'faulty' could not be made in '{pages.Charts}': Nothing can be drawn.",
            ],
            pages.Warnings);
        Assert.Equal(["llm_benchmark_results.html", "llm_benchmark_results.md", "load-time-dark.png", "load-time-dark.svg", "load-time.png", "load-time.svg"], folder.Files());
    }

    [Fact]
    public void FolderThatCannotBeWrittenIsAWarningForEachPage()
    {
        using var folder = new TemporaryFolder();
        string file = folder.FileNamed("file");
        File.WriteAllText(file, "");

        ReportPages pages = ReportPages.Write(file, _report, []);

        Assert.Equal(3, pages.Warnings.Count);
        Assert.StartsWith($"'{pages.Markdown}' could not be made: ", pages.Warnings[0], StringComparison.Ordinal);
        Assert.StartsWith($"'{pages.Html}' could not be made: ", pages.Warnings[1], StringComparison.Ordinal);
        Assert.StartsWith($"Chart 'load-time' could not be made in '{pages.Charts}': ", pages.Warnings[2], StringComparison.Ordinal);
        Assert.All(pages.Warnings, warning => Assert.DoesNotContain('\n', warning));
    }
}
