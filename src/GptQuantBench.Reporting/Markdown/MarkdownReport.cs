using System.Text;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;

namespace GptQuantBench.Reporting.Markdown;

/// <summary>A whole report as one Markdown file.</summary>
public static class MarkdownReport
{
    /// <summary>Title, machine, all tables, previews; lines end in LF.</summary>
    public static string Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var text = new StringBuilder();
        text.Append("# ").Append(ReportHeader.Title).Append('\n');
        AppendHeader(text, report.Metadata);
        foreach (ReportTable table in ReportTables.Of(report))
        {
            text.Append('\n').Append(MarkdownTable.Of(table));
        }

        AppendPreviews(text, report);
        return text.ToString();
    }

    private static void AppendHeader(StringBuilder text, RunMetadata metadata)
    {
        IReadOnlyList<(string Name, string Value)> facts = ReportHeader.Of(metadata);
        if (facts.Count > 0)
        {
            text.Append('\n');
        }

        foreach ((string name, string value) in facts)
        {
            string shown = value == metadata.CommandLine ? MarkdownText.Code(value) : MarkdownText.Escape(value);
            text.Append("- ").Append(name).Append(": ").Append(shown).Append('\n');
        }

        foreach (string notice in metadata.Notices)
        {
            text.Append("\n> ").Append(MarkdownText.Escape(notice)).Append('\n');
        }
    }

    private static void AppendPreviews(StringBuilder text, RunReport report)
    {
        IReadOnlyList<(string Name, string Text)> previews = CasePreviews.Of(report);
        if (previews.Count == 0)
        {
            return;
        }

        text.Append("\n## ").Append(CasePreviews.Title).Append("\n\n");
        foreach ((string name, string preview) in previews)
        {
            text.Append("- ").Append(MarkdownText.Escape(name)).Append(": ").Append(MarkdownText.Code(preview)).Append('\n');
        }
    }
}
