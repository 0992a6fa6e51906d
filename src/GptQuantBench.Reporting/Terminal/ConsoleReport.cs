using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;
using Spectre.Console;

namespace GptQuantBench.Reporting.Terminal;

/// <summary>A whole report on a console.</summary>
public static class ConsoleReport
{
    /// <summary>Writes machine, all tables and previews.</summary>
    public static void Write(IAnsiConsole console, RunReport report)
    {
        ArgumentNullException.ThrowIfNull(console);
        ArgumentNullException.ThrowIfNull(report);
        ConsoleTable.WriteTitle(console, ReportHeader.Title);
        WritePairs(console, ReportHeader.Of(report.Metadata));
        foreach (string notice in report.Metadata.Notices)
        {
            console.Write(ConsoleTable.Line($"Note: {notice}", new Style(Color.Yellow)));
            console.WriteLine();
        }

        foreach (ReportTable table in ReportTables.Of(report))
        {
            ConsoleTable.Write(console, table);
        }

        IReadOnlyList<(string Name, string Text)> previews = CasePreviews.Of(report);
        if (previews.Count > 0)
        {
            ConsoleTable.WriteTitle(console, CasePreviews.Title);
            WritePairs(console, previews);
        }
    }

    private static void WritePairs(IAnsiConsole console, IReadOnlyList<(string Name, string Value)> pairs)
    {
        Grid grid = new Grid().AddColumns(2);
        foreach ((string name, string value) in pairs)
        {
            grid.AddRow(ConsoleTable.Line(name, new Style(decoration: Decoration.Bold)), ConsoleTable.Line(value));
        }

        console.Write(grid);
    }
}
