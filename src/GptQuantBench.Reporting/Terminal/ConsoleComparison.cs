using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Tables;
using Spectre.Console;

namespace GptQuantBench.Reporting.Terminal;

/// <summary>A comparison on a console.</summary>
public static class ConsoleComparison
{
    /// <summary>Writes warnings, table and outcome.</summary>
    public static void Write(IAnsiConsole console, ReportComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(console);
        ArgumentNullException.ThrowIfNull(comparison);
        foreach (string warning in comparison.Warnings)
        {
            console.Write(ConsoleTable.Line($"Warning: {warning}", new Style(Color.Yellow)));
            console.WriteLine();
        }

        ConsoleTable.Write(console, VerdictTable.Of(comparison));
        console.WriteLine();
        Color color = comparison.IsRegression ? Color.Red : Color.Green;
        console.Write(ConsoleTable.Line(VerdictTable.Outcome(comparison), new Style(color, decoration: Decoration.Bold)));
        console.WriteLine();
    }
}
