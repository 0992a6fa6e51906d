using GptQuantBench.Reporting.Pages;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Pages;

public sealed class ReportPagesTests
{
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
        Assert.EndsWith("charts", pages.Charts, StringComparison.Ordinal);
    }

    [Fact]
    public void ReportOfAnotherNameLiesBeside()
    {
        using var folder = new TemporaryFolder();
        ReportPages pages = ReportPages.Write(folder.FileNamed("a"), SampleReports.Minimal(), [], "large");

        Assert.Equal(folder.FileNamed("a", "large.html"), pages.Html);
        Assert.Equal(folder.FileNamed("a", "large_charts"), pages.Charts);
    }

    [Fact]
    public void FolderThatCannotBeWrittenIsAWarningForEachPage()
    {
        using var folder = new TemporaryFolder();
        string file = folder.FileNamed("file");
        File.WriteAllText(file, "");

        ReportPages pages = ReportPages.Write(file, SampleReports.Full(), []);

        Assert.Equal(2 + 7, pages.Warnings.Count);
        Assert.All(pages.Warnings, warning => Assert.DoesNotContain('\n', warning));
    }
}
