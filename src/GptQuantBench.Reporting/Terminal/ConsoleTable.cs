using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Tables;
using Spectre.Console;

namespace GptQuantBench.Reporting.Terminal;

/// <summary>Draws a table on a console of any width; text is never taken for markup.</summary>
public static class ConsoleTable
{
    /// <summary>Writes heading, table and notes.</summary>
    public static void Write(IAnsiConsole console, ReportTable table)
    {
        ArgumentNullException.ThrowIfNull(console);
        ArgumentNullException.ThrowIfNull(table);
        WriteTitle(console, table.Title);
        foreach (string sentence in table.Lead)
        {
            console.Write(Line(sentence));
            console.WriteLine();
        }

        if (table.Rows.Count > 0)
        {
            console.Write(Draw(table));
        }

        foreach (string note in table.Notes)
        {
            console.Write(Line(note, new Style(decoration: Decoration.Dim)));
            console.WriteLine();
        }
    }

    internal static void WriteTitle(IAnsiConsole console, string title)
    {
        console.WriteLine();
        console.Write(new Rule(Markup.Escape(title)) { Justification = Justify.Left });
    }

    internal static Text Line(string text, Style? style = null) => new(TextPreview.SingleLine(text), style);

    private static Table Draw(ReportTable table)
    {
        Table drawn = new Table().Border(TableBorder.Simple);
        foreach (ReportColumn column in table.Columns)
        {
            drawn.AddColumn(new TableColumn(Line(column.Heading, new Style(decoration: Decoration.Bold)))
            {
                Alignment = column.IsNumeric ? Justify.Right : Justify.Left,
                Padding = new Padding(0, 0, 1, 0),
            });
        }

        foreach (IReadOnlyList<ReportCell> row in table.Rows)
        {
            drawn.AddRow(row.Select(cell => Line(cell.Text, StyleOf(cell.Tone))));
        }

        return drawn;
    }

    private static Style StyleOf(CellTone tone) => tone switch
    {
        CellTone.Good => new Style(Color.Green),
        CellTone.Bad => new Style(Color.Red),
        _ => Style.Plain,
    };
}
