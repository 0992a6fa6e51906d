using System.Text;
using GptQuantBench.Reporting.Tables;

namespace GptQuantBench.Reporting.Markdown;

/// <summary>A table as GitHub's Markdown has it.</summary>
public static class MarkdownTable
{
    /// <summary>Heading, table and notes; lines end in LF.</summary>
    public static string Of(ReportTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var text = new StringBuilder();
        text.Append("## ").Append(MarkdownText.Escape(table.Title)).Append("\n\n");
        AppendSentences(text, table.Lead);
        if (table.Lead.Count > 0)
        {
            text.Append('\n');
        }

        if (table.Rows.Count > 0)
        {
            AppendLine(text, table.Columns.Select(column => MarkdownText.Escape(column.Heading)));
            AppendLine(text, table.Columns.Select(column => column.IsNumeric ? "---:" : "---"));
            foreach (IReadOnlyList<ReportCell> row in table.Rows)
            {
                AppendLine(text, row.Select(cell => MarkdownText.Escape(cell.Text)));
            }

            text.Append('\n');
        }

        AppendSentences(text, table.Notes);
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void AppendSentences(StringBuilder text, IReadOnlyList<string> sentences)
    {
        foreach (string sentence in sentences)
        {
            text.Append("- ").Append(MarkdownText.Escape(sentence)).Append('\n');
        }
    }

    private static void AppendLine(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
