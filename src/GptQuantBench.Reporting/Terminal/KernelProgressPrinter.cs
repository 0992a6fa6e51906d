using System.Globalization;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;
using Spectre.Console;

namespace GptQuantBench.Reporting.Terminal;

/// <summary>Rows of kernels as they end, one line each; a redirected console gets plain text.</summary>
public sealed class KernelProgressPrinter(IAnsiConsole console)
{
    /// <summary>A kernel or probe begins.</summary>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="count">Number of kernel benchmarks of the run.</param>
    /// <param name="kernel">Its name.</param>
    /// <param name="quantization">The format as tables show it; null for a probe.</param>
    public void Started(int number, int count, string kernel, string? quantization)
    {
        console.WriteLine();
        Line(string.Create(CultureInfo.InvariantCulture, $"KERNEL {number}/{count}: {kernel} {quantization}").TrimEnd(), new Style(decoration: Decoration.Bold));
    }

    /// <summary>A row has ended.</summary>
    public void Row(KernelResult row)
    {
        ArgumentNullException.ThrowIfNull(row);
        string point = row.Rows is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{KernelFigures.Shape(row),-12}batch {row.BatchSize,-4}");
        if (row.Success)
        {
            Line($"  {point}{KernelFigures.Measured(row)}");
        }
        else
        {
            Line($"  {point}FAILED: {row.Error}", new Style(Color.Red));
        }
    }

    private void Line(string text, Style? style = null)
    {
        console.Write(ConsoleTable.Line(text, style));
        console.WriteLine();
    }
}
