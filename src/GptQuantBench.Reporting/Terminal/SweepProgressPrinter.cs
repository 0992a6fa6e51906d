using System.Globalization;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;
using Spectre.Console;

namespace GptQuantBench.Reporting.Terminal;

/// <summary>Points of sweeps as they end, one line each; a redirected console gets plain text.</summary>
public sealed class SweepProgressPrinter(IAnsiConsole console)
{
    /// <summary>The sweep over a case begins.</summary>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="count">Number of sweeps of the run, each case counted.</param>
    /// <param name="title">What is swept.</param>
    /// <param name="modelName">Name of the model.</param>
    /// <param name="quantization">The format as tables show it.</param>
    public void Started(int number, int count, string title, string modelName, string quantization) =>
        Title(string.Create(CultureInfo.InvariantCulture, $"SWEEP {number}/{count}"), title, modelName, quantization);

    /// <summary>A sweep begins that is not counted with the others.</summary>
    public void Started(string title, string modelName, string quantization) => Title("SWEEP", title, modelName, quantization);

    /// <summary>A point has ended.</summary>
    public void Point(SweepResult row)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (row.Success)
        {
            Line($"  {SweepFigures.Point(row),-14}{string.Join(", ", SweepFigures.Measured(row))}");
        }
        else
        {
            Line($"  {SweepFigures.Point(row),-14}FAILED: {row.Error}", new Style(Color.Red));
        }
    }

    private void Title(string number, string title, string modelName, string quantization)
    {
        console.WriteLine();
        Line($"{number}: {title}, {modelName} {quantization}", new Style(decoration: Decoration.Bold));
    }

    private void Line(string text, Style? style = null)
    {
        console.Write(ConsoleTable.Line(text, style));
        console.WriteLine();
    }
}
