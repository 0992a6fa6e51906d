using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;
using GptQuantBench.Reporting.Terminal;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Tables;

public sealed class SweepTablesTests
{
    [Fact]
    public void EachSweepHasItsTableAndOnlyThoseThatRan()
    {
        Assert.Equal(
            ["By prompt length", "By depth", "By batch size", "By decode path", "Single tokens"],
            SweepTables.Of(SampleReports.Full()).Select(table => table.Title));
        Assert.Empty(SweepTables.Of(SampleReports.Minimal()));
    }

    [Fact]
    public void APointStandsBesideFp16AtTheSamePointOnly()
    {
        RunReport full = SampleReports.Full();
        ReportTable table = Prompt(full);
        Assert.Equal(["gpt2", "FP16", "512", "1.60 ±5.0%", "320000", "-"], Texts(table, 0));
        Assert.Equal(["gpt2", "4-bit", "512", "1.20 ±<0.1%", "426667", "1.33x"], Texts(table, 1));

        RunReport other = full with { Sweeps = [.. full.Sweeps.Select(row => row.Quantization == "FP16" ? row with { PromptTokens = 128 } : row)] };
        Assert.Equal("-", Texts(Prompt(other), 1)[^1]);
    }

    [Fact]
    public void ABatchStandsBesideOneSequenceAndBesideFp16OfTheSameSize()
    {
        RunReport full = SampleReports.Full();
        RunReport report = full with
        {
            Sweeps =
            [
                SampleReports.Batch("FP16", "fp16", 1, 1200), SampleReports.Batch("FP16", "fp16", 16, 9600),
                SampleReports.Batch("4-bit", "int4-g32-sym", 1, 2400), SampleReports.Batch("4-bit", "int4-g32-sym", 16, 8400),
            ],
        };
        ReportTable table = Assert.Single(SweepTables.Of(report));
        Assert.Equal(["gpt2", "FP16", "1", "1200 ±0.3%", "1200", "1.00x", "-", "0.252"], Texts(table, 0));
        Assert.Equal(["gpt2", "FP16", "16", "9600 ±0.3%", "600", "8.00x", "-", "0.291"], Texts(table, 1));
        Assert.Equal(["gpt2", "4-bit", "16", "8400 ±0.3%", "525", "3.50x", "0.88x", "0.291"], Texts(table, 3));
    }

    /// <summary>What differs in anything but the format, or failed, is no measure for a row.</summary>
    [Fact]
    public void AnotherDeviceModelOrAFailureIsNotBesideARow()
    {
        SweepResult fp16 = SampleReports.Batch("FP16", "fp16", 16, 9600), row = SampleReports.Batch("4-bit", "int4-g32-sym", 16, 4800);
        Assert.Equal("0.50x", Beside(fp16));
        Assert.Equal("0.50x", Beside(fp16 with { Decode = "graph" }));
        Assert.Equal("-", Beside(fp16 with { Success = false, Error = "Lost." }));
        Assert.Equal("-", Beside(fp16 with { ModelName = "gpt2-medium" }));
        Assert.Equal("-", Beside(fp16 with { Backend = "cpu" }));
        Assert.Equal("-", Beside(fp16 with { Device = "Another GPU" }));
        Assert.Equal("-", Beside(fp16 with { BatchSize = 8 }));
        Assert.Equal("-", Beside(fp16 with { PromptTokens = 6 }));
        Assert.Equal("-", Beside(fp16 with { DepthTokens = 1 }));

        string Beside(SweepResult other) => Texts(Assert.Single(SweepTables.Of(new RunReport { Sweeps = [other, row] })), 1)[^2];
    }

    [Fact]
    public void ADecodePathStandsBesideFp16OnTheSamePath()
    {
        SweepResult fp16 = SampleReports.Full().Sweeps[0] with { Decode = "graph" };
        SweepResult row = fp16 with { Quantization = "4-bit", ThroughputTokensPerSec = 2400 };
        Assert.Equal("2.00x", Beside(fp16));
        Assert.Equal("-", Beside(fp16 with { Decode = "eager" }));

        string Beside(SweepResult other) => Texts(Assert.Single(SweepTables.Of(new RunReport { Sweeps = [other, row] })), 1)[^1];
    }

    [Fact]
    public void AFailedPointSaysSoInItsRowAndWhyBelow()
    {
        ReportTable table = SweepTables.Of(SampleReports.Full()).Single(table => table.Title == "By depth");
        Assert.Equal(["gpt2", "4-bit", "950", "FAILED", "-", "-"], Texts(table, 1));
        Assert.Contains("gpt2 4-bit, at 950, failed: The GPU's memory is full.", table.Notes);
    }

    [Fact]
    public void TablesFitAConsoleOf100Columns()
    {
        using StringWriter text = new();
        Spectre.Console.IAnsiConsole console = ReportConsole.Create(text, isRedirected: true);
        console.Profile.Width = 100;
        foreach (ReportTable table in SweepTables.Of(SampleReports.Full()))
        {
            ConsoleTable.Write(console, table);
        }

        Assert.All(text.ToString().Split('\n'), line => Assert.True(line.TrimEnd().Length <= 100, line));
        // A column that wraps would break its heading.
        Assert.All(["First token(ms)", "Prefill(tok/s)", "Throughput(tok/s)", "p99/p50", "Each(tok/s)"], heading => Assert.Contains(heading, text.ToString(), StringComparison.Ordinal));
    }

    private static ReportTable Prompt(RunReport report) => SweepTables.Of(report).Single(table => table.Title == "By prompt length");

    private static string[] Texts(ReportTable table, int row) => [.. table.Rows[row].Select(cell => cell.Text)];
}
