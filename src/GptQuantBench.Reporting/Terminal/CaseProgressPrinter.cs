using System.Globalization;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;
using Spectre.Console;

namespace GptQuantBench.Reporting.Terminal;

/// <summary>
/// What the reference script shows as each phase of a case ends. Lines only, nothing is redrawn: a redirected console gets plain
/// text. A figure that is null is left out.
/// </summary>
public sealed class CaseProgressPrinter(IAnsiConsole console)
{
    private const int LabelWidth = 12;

    /// <summary>A case begins.</summary>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="count">Number of cases of the run.</param>
    /// <param name="modelName">Name of the model.</param>
    /// <param name="quantization">The format as tables show it.</param>
    /// <param name="timeLeft">Estimate for the rest of the run, this case included; null where there is none yet.</param>
    public void CaseStarted(int number, int count, string modelName, string quantization, TimeSpan? timeLeft)
    {
        string title = string.Create(CultureInfo.InvariantCulture, $"TEST {number}/{count}: {modelName} {quantization}");
        string left = timeLeft is { } time && time > TimeSpan.Zero ? $" (about {FigureFormat.Duration(time)} left)" : "";
        console.WriteLine();
        console.Write(ConsoleTable.Line(title + left, new Style(decoration: Decoration.Bold)));
        console.WriteLine();
    }

    /// <summary>The model is ready for its first token.</summary>
    public void Loaded(double? loadTimeSec, double? memoryGb)
    {
        Figure("Loaded in", loadTimeSec, "s");
        Figure("Memory", memoryGb, "GB");
    }

    /// <summary>The first-token latency is known, milliseconds.</summary>
    public void FirstToken(double? warmMs, double? coldMs)
    {
        string rating = LatencyScale.Rate(warmMs) is { } known ? $" ({LatencyScale.Name(known)})" : "";
        string cold = Ratio.Finite(coldMs) is null ? "" : $", cold {FigureFormat.Number(coldMs)} ms";
        Figure("First token", warmMs, $"ms{rating}{cold}");
    }

    /// <summary>The throughput run has ended.</summary>
    public void Generated(double? tokensPerSec, double? totalSec, string? text)
    {
        Figure("Throughput", tokensPerSec, "tokens/s");
        Figure("Total time", totalSec, "s");
        if (!string.IsNullOrEmpty(text))
        {
            Line("Preview", TextPreview.Of(text));
        }
    }

    /// <summary>The clean-up has ended.</summary>
    /// <param name="beforeBytes">Bytes in use before it.</param>
    /// <param name="afterBytes">Bytes in use after it.</param>
    /// <param name="leaked">What was left behind.</param>
    public void CleanedUp(long? beforeBytes, long? afterBytes, LeakedBytes? leaked)
    {
        string verdict = leaked?.IsLeak switch
        {
            true => $"LEAKED ({LeakVerdict.Amounts(leaked)})",
            false => "nothing leaked",
            null => "leak not measured",
        };
        string memory = beforeBytes is null || afterBytes is null
            ? verdict
            : $"{FigureFormat.Bytes(beforeBytes)} before, {FigureFormat.Bytes(afterBytes)} after: {verdict}";
        Line("Clean-up", memory, leaked?.IsLeak == true ? new Style(Color.Red) : Style.Plain);
    }

    /// <summary>The case failed.</summary>
    /// <param name="error">Why, one sentence.</param>
    public void Failed(string error) => Line("FAILED", error, new Style(Color.Red));

    private void Figure(string label, double? value, string unit)
    {
        if (Ratio.Finite(value) is { } number)
        {
            Line(label, $"{FigureFormat.Number(number)} {unit}");
        }
    }

    private void Line(string label, string text, Style? style = null)
    {
        Grid grid = new Grid()
            .AddColumn(new GridColumn { Width = LabelWidth, NoWrap = true, Padding = new Padding(2, 0, 1, 0) })
            .AddColumn(new GridColumn { Padding = new Padding(0) });
        grid.AddRow(ConsoleTable.Line(label, style), ConsoleTable.Line(text, style));
        console.Write(grid);
    }
}
