using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Terminal;
using GptQuantBench.Reporting.Tests.Support;
using Spectre.Console;
using Spectre.Console.Testing;

namespace GptQuantBench.Reporting.Tests.Terminal;

public sealed class CaseProgressPrinterTests
{
    [Fact]
    public void PhasesAreAsCommitted() => Golden.Verify("progress-80.verified.txt", Rendered.Console(WriteAll, 80));

    [Fact]
    public void ColouredConsoleGetsNoCursorMovement()
    {
        using var console = new TestConsole();
        console.EmitAnsiSequences();
        console.Profile.Capabilities.ColorSystem = ColorSystem.TrueColor;

        WriteAll(console);

        Assert.Contains("\u001b[", console.Output, StringComparison.Ordinal);
        Assert.DoesNotMatch("\u001b\\[[0-9;?]*[^0-9;?m]", console.Output);
    }

    [Fact]
    public void RedirectedOutputIsPlain()
    {
        using var text = new StringWriter();
        WriteAll(ReportConsole.Create(text, isRedirected: true));
        Assert.Contains("TEST 1/6: gpt2 FP16", text.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text.ToString());
    }

    [Fact]
    public void FiguresThatAreMissingHaveNoLine()
    {
        string text = Rendered.Console(
            console =>
            {
                var printer = new CaseProgressPrinter(console);
                printer.Loaded(null, double.NaN);
                printer.FirstToken(null, 3);
                printer.Generated(null, null, "");
            },
            80);
        Assert.Equal("", text);
    }

    [Fact]
    public void FailuresAndLeaksAreRedAndTitlesBold()
    {
        using var console = new TestConsole();
        console.Profile.Width = 80;
        console.Profile.Capabilities.ColorSystem = ColorSystem.EightBit;
        console.EmitAnsiSequences();
        WriteAll(console);
        Assert.Contains("\u001b[1mTEST 1/6", console.Output, StringComparison.Ordinal);
        Assert.Contains("\u001b[38;5;9mLayer 3 gave NaN", console.Output, StringComparison.Ordinal);
        Assert.Contains("\u001b[38;5;9m160 MB before, 4.10 kB after: LEAKED", console.Output, StringComparison.Ordinal);
        Assert.Contains("  Clean-up     285 MB before, 0 B after: nothing leaked", console.Output, StringComparison.Ordinal);
        Assert.Contains("  Clean-up     leak not measured", console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNotKnownIsNotSaid() => Assert.Equal(
        """

        TEST 1/1: gpt2 FP16
          Clean-up     leak not measured
          Clean-up     nothing leaked

        """,
        Rendered.Console(
            console =>
            {
                var printer = new CaseProgressPrinter(console);
                printer.CaseStarted(1, 1, "gpt2", "FP16", TimeSpan.Zero);
                printer.CleanedUp(null, 5, null);
                printer.CleanedUp(5, null, new LeakedBytes { Allocator = 0 });
            },
            80));

    /// <summary>A text begins in column 16 and may fill the line to its end.</summary>
    [Theory]
    [InlineData(65, 1)]
    [InlineData(66, 2)]
    public void ATextFillsTheLine(int length, int lines) => Assert.Equal(
        lines, Rendered.Console(console => new CaseProgressPrinter(console).Failed(new string('x', length)), 80).Split('\n').Count(line => line.Contains('x', StringComparison.Ordinal)));

    private static void WriteAll(IAnsiConsole console)
    {
        var printer = new CaseProgressPrinter(console);
        printer.CaseStarted(1, 6, "gpt2", "FP16", null);
        printer.Loaded(0.8123, 0.24888);
        printer.FirstToken(8.31, 33.2);
        printer.Generated(98.31, 0.5086, SampleReports.Full().Results[0].GeneratedText);
        printer.CleanedUp(284_800_000, 0, new LeakedBytes { Allocator = 0, Driver = 1024 });

        printer.CaseStarted(2, 6, "my_[bold]model[/]\u001b[2J", "8-bit", TimeSpan.FromMinutes(4.2));
        printer.Loaded(1.2, 0.126);
        printer.FirstToken(120, null);
        printer.Failed("Layer 3 gave NaN in 'h.3.mlp.c_fc.weight': check the weights [or take another checkpoint], and read on what was expected here.");
        printer.CleanedUp(160_000_000, 4096, new LeakedBytes { Allocator = 4096 });

        printer.CaseStarted(3, 6, "gpt2", "4-bit", TimeSpan.FromSeconds(40));
        printer.CleanedUp(null, null, null);
    }
}
