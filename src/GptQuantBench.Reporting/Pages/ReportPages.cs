using System.Text;
using GptQuantBench.Reporting.Charts;
using GptQuantBench.Reporting.Html;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Pages;

/// <summary>Everything that people look at, made of a report: Markdown, the HTML page, chart files.</summary>
public sealed record ReportPages
{
    private const string DefaultStem = "llm_benchmark_results";

    /// <summary>Path of the Markdown file.</summary>
    public required string Markdown { get; init; }

    /// <summary>Path of the HTML page.</summary>
    public required string Html { get; init; }

    /// <summary>Folder of the chart files.</summary>
    public required string Charts { get; init; }

    /// <summary>A sentence for everything that could not be made; the rest is there.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Writes the pages; whatever fails is a warning, since the figures are in the report already.</summary>
    /// <param name="directory">The folder; made where it is missing.</param>
    /// <param name="report">The report.</param>
    /// <param name="trends">Charts of a history; empty without one.</param>
    /// <param name="stem">
    /// Name of the report's file without ending, which the pages take over. A report of another name than usual gets a chart folder of
    /// its own, so that several may lie side by side.
    /// </param>
    public static ReportPages Write(string directory, RunReport report, IReadOnlyList<Chart> trends, string stem = DefaultStem)
    {
        var warnings = new List<string>();
        IReadOnlyList<Chart> charts = Try(() => ReportCharts.Of(report), [], "The charts", warnings);
        var pages = new ReportPages
        {
            Markdown = Path.Combine(directory, stem + ".md"),
            Html = Path.Combine(directory, stem + ".html"),
            Charts = Path.Combine(directory, stem == DefaultStem ? "charts" : stem + "_charts"),
            Warnings = warnings,
        };
        WriteText(pages.Markdown, () => MarkdownReport.Of(report), warnings);
        WriteText(pages.Html, () => HtmlReport.Of(report, charts, trends, warnings.Add), warnings);
        warnings.AddRange(ChartFiles.Write(pages.Charts, charts.Concat(trends)));
        return pages;
    }

    private static void WriteText(string path, Func<string> text, List<string> warnings) => Try(
        () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.Commit(AtomicFile.Prepare(path, Encoding.UTF8.GetBytes(text())), path);
            return true;
        },
        false,
        $"'{path}'",
        warnings);

    private static T Try<T>(Func<T> make, T otherwise, string what, List<string> warnings)
    {
        try
        {
            return make();
        }
        // A page is never worth a run that has its figures.
        catch (Exception exception)
        {
            warnings.Add($"{what} could not be made: {exception.Message.ReplaceLineEndings(" ")}");
            return otherwise;
        }
    }
}
