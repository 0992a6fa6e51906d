using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Terminal;
using GptQuantBench.Reporting.Tests.Support;
using Spectre.Console;
using Spectre.Console.Testing;

namespace GptQuantBench.Reporting.Tests.Terminal;

/// <summary>What runs of sweeps and of single kernels show as they go.</summary>
public sealed class RunProgressPrinterTests
{
    private const string Red = "\u001b[38;5;9m";
    private const string Bold = "\u001b[1m";

    private static readonly RunReport _full = SampleReports.Full();

    [Fact]
    public void ASweepIsItsTitleAndALineForEachPoint() => Assert.Equal(
        """

        SWEEP 2/9: prompt lengths, gpt2 FP16
          512 tokens    first token 1.60 ms, prefill 320000 tokens/s
          at 950        throughput 1150 tokens/s
          at 950        FAILED: The GPU's memory is full.
          batch 16      throughput 9600 tokens/s
          single tokens throughput 1190 tokens/s, p50 0.810 ms, p90 0.840 ms, p99 1.30 ms

        SWEEP: decode paths, my_[bold]model[/] 4-bit
          cublas        throughput 1200 tokens/s

        """,
        Rendered.Console(WriteSweeps, 100));

    [Fact]
    public void AKernelRunIsItsTitleAndALineForEachRow() => Assert.Equal(
        """

        KERNEL 1/3: read_memory
          80.0 µs, 2933 GB/s

        KERNEL 2/3: linear_product 4-bit
          4096x14336  batch 1   12.5 µs, 2640 GB/s (90.0%), 9395 GFLOP/s, 9.50 µs from cache
          4096x14336  batch 16  18.0 µs, 104392 GFLOP/s
          4096x14336  batch 64  FAILED: The GPU's memory is full.

        """,
        Rendered.Console(WriteKernels, 100));

    [Fact]
    public void TitlesAreBoldAndFailuresRed()
    {
        AssertStyles(WriteSweeps, "SWEEP 2/9", "  at 950        FAILED", "  batch 16");
        AssertStyles(WriteKernels, "KERNEL 1/3", "  4096x14336  batch 64  FAILED", "  80.0");
    }

    private static void AssertStyles(Action<IAnsiConsole> write, string title, string failure, string success)
    {
        using var console = new TestConsole();
        console.Profile.Width = 100;
        console.Profile.Capabilities.ColorSystem = ColorSystem.EightBit;
        console.EmitAnsiSequences();
        write(console);
        Assert.Contains(Bold + title, console.Output, StringComparison.Ordinal);
        Assert.Contains(Red + failure, console.Output, StringComparison.Ordinal);
        Assert.Contains('\n' + success, console.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    private static void WriteSweeps(IAnsiConsole console)
    {
        var printer = new SweepProgressPrinter(console);
        printer.Started(2, 9, "prompt lengths", "gpt2", "FP16");
        foreach (int row in new[] { 1, 3, 4, 5, 7 })
        {
            printer.Point(_full.Sweeps[row]);
        }

        printer.Started("decode paths", "my_[bold]model[/]", "4-bit");
        printer.Point(_full.Sweeps[0]);
    }

    private static void WriteKernels(IAnsiConsole console)
    {
        var printer = new KernelProgressPrinter(console);
        printer.Started(1, 3, "read_memory", null);
        printer.Row(_full.Kernels[0]);
        printer.Started(2, 3, "linear_product", "4-bit");
        foreach (int row in new[] { 3, 4, 5 })
        {
            printer.Row(_full.Kernels[row]);
        }
    }
}
