using GptQuantBench.Inference.Quantization;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Terminal;

namespace GptQuantBench.Progress;

/// <summary>The sweeps of a run on the console.</summary>
internal sealed class SweepProgress
{
    private readonly SweepProgressPrinter _printer = new(ReportConsole.ForStandardOutput());

    /// <summary>The sweep over a case starts.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="count">Sweeps of the run, each case counted.</param>
    /// <param name="title">What is swept.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="format">Name of the format.</param>
    public void Started(int index, int count, string title, string model, string format) =>
        _printer.Started(index + 1, count, title, model, QuantizationFormat.Parse(format).Label);

    /// <summary>A sweep starts that is not counted with the others.</summary>
    /// <param name="title">What is swept.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="format">Name of the format.</param>
    public void Started(string title, string model, string format) => _printer.Started(title, model, QuantizationFormat.Parse(format).Label);

    /// <summary>It has ended, and its rows are on disk.</summary>
    public void Ended(IEnumerable<SweepResult> rows)
    {
        foreach (var row in rows)
        {
            _printer.Point(row);
        }
    }
}
