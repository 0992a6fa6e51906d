using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using GptQuantBench.Reporting.Charts;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;

namespace GptQuantBench.Reporting.Html;

/// <summary>
/// A whole report as one HTML page that needs nothing else: no network, no font, no picture beside it. It follows the reader's light
/// or dark theme, and is light on paper.
/// </summary>
public static partial class HtmlReport
{
    private static readonly string _style = ChartColors() + Resource("page.css");
    private static readonly string _script = Resource("page.js");

    /// <summary>The page; lines end in LF.</summary>
    /// <param name="report">The report.</param>
    /// <param name="charts">Charts of the report; names unique.</param>
    /// <param name="trends">Charts of a history; empty without one.</param>
    /// <param name="warn">Called with a sentence for each chart that could not be drawn; the page then lacks it.</param>
    public static string Of(RunReport report, IReadOnlyList<Chart> charts, IReadOnlyList<Chart> trends, Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(charts);
        ArgumentNullException.ThrowIfNull(trends);
        ArgumentNullException.ThrowIfNull(warn);
        (string Title, string Content)[] sections = [.. Sections(report, charts, trends, warn).Where(section => section.Content.Length > 0)];
        var html = new StringBuilder();
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            // Nothing is loaded, and only our own script runs, even if a text slipped through unescaped.
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ").Append(Hash(_style))
            .Append("; script-src ").Append(Hash(_script)).Append("\">\n")
            .Append("<title>").Append(HtmlText.Escape(Title(report))).Append("</title>\n")
            .Append("<style>").Append(_style).Append("</style>\n</head>\n<body>\n");
        AppendHeader(html, report, sections);
        html.Append("<main>\n");
        foreach ((string title, string content) in sections)
        {
            html.Append("<section id=\"").Append(Id(title)).Append("\">\n<h2>").Append(HtmlText.Escape(title)).Append("</h2>\n").Append(content).Append("</section>\n");
        }

        return html.Append("</main>\n<script>").Append(_script).Append("</script>\n</body>\n</html>\n").ToString();
    }

    private static void AppendHeader(StringBuilder html, RunReport report, (string Title, string Content)[] sections)
    {
        html.Append("<header>\n<h1>").Append(ReportHeader.Title).Append("</h1>\n<p class=\"lead\">").Append(HtmlText.Escape(Lead(report))).Append("</p>\n");
        if (report.Metadata.Notices.Count > 0)
        {
            html.Append("<ul class=\"notices\">\n");
            foreach (string notice in report.Metadata.Notices)
            {
                html.Append("<li>").Append(HtmlText.Escape(notice)).Append("</li>\n");
            }

            html.Append("</ul>\n");
        }

        html.Append("<nav aria-label=\"Sections\">\n<ul>\n");
        foreach ((string title, _) in sections)
        {
            html.Append("<li><a href=\"#").Append(Id(title)).Append("\">").Append(HtmlText.Escape(title)).Append("</a></li>\n");
        }

        html.Append("</ul>\n</nav>\n</header>\n");
    }

    private static IEnumerable<(string Title, string Content)> Sections(
        RunReport report, IReadOnlyList<Chart> charts, IReadOnlyList<Chart> trends, Action<string> warn)
    {
        IReadOnlyList<ReportTable> tables = ReportTables.Of(report);
        yield return (tables[0].Title, HtmlTable.Of(tables[0]));
        yield return ("Charts", Figures(charts, warn));
        foreach (ReportTable table in tables.Skip(1))
        {
            yield return (table.Title, HtmlTable.Of(table));
        }

        yield return ("Trends", Figures(trends, warn));
        yield return (CasePreviews.Title, Pairs(CasePreviews.Of(report), isCode: true));
        yield return ("Environment", Pairs(ReportHeader.Of(report.Metadata), isCode: false));
        yield return (ReadingGuide.Title, Pairs(ReadingGuide.Entries, isCode: false));
    }

    private static string Figures(IReadOnlyList<Chart> charts, Action<string> warn)
    {
        var html = new StringBuilder();
        foreach (Chart chart in charts)
        {
            try
            {
                string svg = chart.ToSvg(ChartTheme.Light);
                html.Append("<figure>\n").Append(svg).Append("</figure>\n");
            }
            // As with chart files: a picture is never worth the page.
            catch (Exception exception)
            {
                warn($"Chart '{chart.Name}' could not be drawn into the page: {exception.Message.ReplaceLineEndings(" ")}");
            }
        }

        return html.Length == 0 ? "" : $"<div class=\"charts\">\n{html}</div>\n";
    }

    private static string Pairs(IReadOnlyList<(string Name, string Value)> pairs, bool isCode)
    {
        var html = new StringBuilder();
        foreach ((string name, string value) in pairs)
        {
            string shown = HtmlText.Escape(value);
            html.Append("<dt>").Append(HtmlText.Escape(name)).Append("</dt><dd>").Append(isCode ? $"<code>{shown}</code>" : shown).Append("</dd>\n");
        }

        return html.Length == 0 ? "" : $"<dl>\n{html}</dl>\n";
    }

    private static string Title(RunReport report) => $"{ReportHeader.Title}: {Lead(report)}".TrimEnd(' ', ':');

    private static string Lead(RunReport report)
    {
        string? device = report.Metadata.Gpu ?? report.Results.Select(result => result.Device).FirstOrDefault(name => name is not null) ?? report.Metadata.Host?.Cpu;
        string? date = report.Metadata.StartedAt is { } start ? Reporting.Figures.FigureFormat.Moment(start) : null;
        return string.Join(", ", new[] { device, date }.Where(part => !string.IsNullOrEmpty(part)));
    }

    // Words joined by '-', so that an address that ends in #id needs no escapes.
    private static string Id(string title) => string.Join(
        '-', Words().Matches(title.ToLowerInvariant()).Select(word => word.Value));

    [GeneratedRegex("[a-z0-9]+")]
    private static partial Regex Words();

    /// <summary>Charts are drawn light; these rules give them the dark theme's colours.</summary>
    private static string ChartColors()
    {
        (ChartTheme light, ChartTheme dark) = (ChartTheme.Light, ChartTheme.Dark);
        var css = new StringBuilder("@media screen and (prefers-color-scheme: dark) {\n");
        foreach ((string from, string to) in new[] { (light.Background, dark.Background), (light.Text, dark.Text), (light.Muted, dark.Muted), (light.Grid, dark.Grid) })
        {
            // Skia writes white by its name.
            string written = from == "#FFFFFF" ? "white" : from;
            css.Append("  figure [fill=\"").Append(written).Append("\"] { fill: ").Append(to).Append("; }\n")
                .Append("  figure [stroke=\"").Append(written).Append("\"] { stroke: ").Append(to).Append("; }\n");
        }

        return css.Append("}\n").ToString();
    }

    private static string Hash(string content) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}'";

    private static string Resource(string name)
    {
        using Stream stream = typeof(HtmlReport).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
