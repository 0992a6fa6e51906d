using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Terminal;

namespace GptQuantBench.Progress;

/// <summary>The kernel benchmarks of a run on the console.</summary>
internal sealed class KernelProgress
{
    private readonly KernelProgressPrinter _printer = new(ReportConsole.ForStandardOutput());

    /// <summary>A kernel or probe starts.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="count">Kernel benchmarks of the run.</param>
    /// <param name="kernel">Its name.</param>
    /// <param name="format">Label of the format; null for a probe.</param>
    public void Started(int index, int count, string kernel, string? format) => _printer.Started(index + 1, count, kernel, format);

    /// <summary>It has ended, and its rows are on disk.</summary>
    public void Ended(IEnumerable<KernelResult> rows)
    {
        foreach (var row in rows)
        {
            _printer.Row(row);
        }
    }
}
