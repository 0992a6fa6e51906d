using System.Text;
using GptQuantBench.Reporting.Markdown;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;

namespace GptQuantBench.Reporting.Export;

/// <summary>A report as a comment on a pull request: the tables in view, the machine folded away.</summary>
internal static class PullRequestComment
{
    // GitHub refuses longer comments.
    private const int LongestComment = 65_536;

    /// <summary>Markdown; lines end in LF. Where it would be too long, the summary alone.</summary>
    public static string Of(RunReport report)
    {
        string summary = MarkdownTable.Of(SummaryTable.Of(report));
        var text = new StringBuilder(summary);
        if (ComparisonTable.Of(report) is { } comparison)
        {
            text.Append('\n').Append(MarkdownTable.Of(comparison));
        }

        // The blank line is where Markdown begins again inside the HTML element.
        text.Append("\n<details><summary>Machine and command</summary>\n\n");
        foreach ((string name, string value) in ReportHeader.Of(report.Metadata))
        {
            text.Append("- ").Append(name).Append(": ").Append(MarkdownText.Code(value)).Append('\n');
        }

        text.Append("\n</details>\n");
        return text.Length <= LongestComment ? text.ToString() : summary;
    }
}
