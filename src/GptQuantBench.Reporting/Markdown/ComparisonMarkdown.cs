using System.Text;
using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Tables;

namespace GptQuantBench.Reporting.Markdown;

/// <summary>A comparison as Markdown, e.g. for a comment on a pull request.</summary>
public static class ComparisonMarkdown
{
    /// <summary>Outcome, runs, warnings, table; lines end in LF.</summary>
    public static string Of(ReportComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        var text = new StringBuilder();
        text.Append("**").Append(MarkdownText.Escape(VerdictTable.Outcome(comparison))).Append("**\n\n");
        text.Append("- Base: ").Append(Run(comparison.Base)).Append('\n');
        text.Append("- New: ").Append(Run(comparison.New)).Append('\n');
        foreach (string warning in comparison.Warnings)
        {
            text.Append("\n> ").Append(MarkdownText.Escape(warning)).Append('\n');
        }

        return text.Append('\n').Append(MarkdownTable.Of(VerdictTable.Of(comparison))).ToString();
    }

    private static string Run(ComparedRun run)
    {
        string report = run.Report is null ? "" : MarkdownText.Code(Path.GetFileName(run.Report));
        IEnumerable<string?> facts =
        [
            run.Device,
            run.Commit is null ? null : $"commit {run.Commit}",
            run.StartedAt is { } start ? FigureFormat.Moment(start) : null,
        ];
        return string.Join(", ", facts.OfType<string>().Select(MarkdownText.Escape).Prepend(report).Where(part => part.Length > 0));
    }
}
