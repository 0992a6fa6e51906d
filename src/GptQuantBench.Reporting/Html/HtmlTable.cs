using System.Text;
using GptQuantBench.Reporting.Tables;

namespace GptQuantBench.Reporting.Html;

/// <summary>A table as HTML; the page's script makes it sortable.</summary>
internal static class HtmlTable
{
    /// <summary>Lead, table and notes; the heading above is the caller's.</summary>
    public static string Of(ReportTable table)
    {
        var html = new StringBuilder();
        AppendList(html, "lead-list", table.Lead);
        if (table.Rows.Count > 0)
        {
            AppendTable(html, table);
        }

        AppendList(html, "notes", table.Notes);
        return html.ToString();
    }

    private static void AppendTable(StringBuilder html, ReportTable table)
    {
        // A table may be wider than a phone: then it scrolls alone, also by keys, and the page does not.
        html.Append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: ").Append(HtmlText.Escape(table.Title)).Append("\">\n<table>\n<thead>\n<tr>");
        foreach (ReportColumn column in table.Columns)
        {
            html.Append("<th scope=\"col\"").Append(column.IsNumeric ? " class=\"number\">" : ">").Append(HtmlText.Escape(column.Heading)).Append("</th>");
        }

        html.Append("</tr>\n</thead>\n<tbody>\n");
        foreach (IReadOnlyList<ReportCell> row in table.Rows)
        {
            AppendRow(html, table.Columns, row);
        }

        html.Append("</tbody>\n</table>\n</div>\n");
    }

    private static void AppendRow(StringBuilder html, IReadOnlyList<ReportColumn> columns, IReadOnlyList<ReportCell> row)
    {
        html.Append("<tr>");
        for (int index = 0; index < row.Count; index++)
        {
            string text = HtmlText.Escape(row[index].Text);
            string[] classes = [.. new[] { columns[index].IsNumeric ? "number" : "", Class(row[index].Tone) }.Where(name => name.Length > 0)];
            string attributes = classes.Length == 0 ? "" : $" class=\"{string.Join(' ', classes)}\"";
            html.Append(index == 0 ? $"<th scope=\"row\">{text}</th>" : $"<td{attributes}>{text}</td>");
        }

        html.Append("</tr>\n");
    }

    private static string Class(CellTone tone) => tone switch
    {
        CellTone.Good => "good",
        CellTone.Bad => "bad",
        _ => "",
    };

    private static void AppendList(StringBuilder html, string name, IReadOnlyList<string> sentences)
    {
        if (sentences.Count > 0)
        {
            html.Append("<ul class=\"").Append(name).Append("\">\n");
            foreach (string sentence in sentences)
            {
                html.Append("<li>").Append(HtmlText.Escape(sentence)).Append("</li>\n");
            }

            html.Append("</ul>\n");
        }
    }
}
