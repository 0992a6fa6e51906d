using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;
using GptQuantBench.Reporting.Terminal;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Tables;

public sealed class KernelTablesTests
{
    [Fact]
    public void OneVectorStandsBesideTheBandwidthAndSeveralBesideTheArithmetic()
    {
        ReportTable[] tables = [.. KernelTables.Of(SampleReports.Full())];
        Assert.Equal(["Kernels beside the bandwidth", "Kernels beside the arithmetic"], tables.Select(table => table.Title));
        Assert.Equal(["read_memory", "-", "-", "80.0 ±0.6%", "2933", "-", "-", "-"], Texts(tables[0], 0));
        Assert.Equal(["linear_product", "4-bit", "4096x14336", "12.5 ±1.0%", "2640", "90.0%", "9.50", "3.36x"], Texts(tables[0], 3));
        Assert.Equal(["linear_product", "4-bit", "4096x14336", "16", "18.0 ±1.0%", "104392", "10.0%", "2.39x"], Texts(tables[1], 0));
        Assert.Equal(["linear_product", "4-bit", "4096x14336", "64", "FAILED", "-", "-", "-"], Texts(tables[1], 1));
        Assert.Contains("linear_product 4-bit 4096x14336, batch 64, failed: The GPU's memory is full.", tables[1].Notes);
        Assert.Empty(KernelTables.Of(SampleReports.Minimal()));
    }

    [Fact]
    public void TheFastestFp16KernelOfTheSameShapeAndBatchStandsBeside()
    {
        KernelResult[] rows =
        [
            Row("own", "fp16", 1, 44), Row("cublas", "fp16", 1, 42), Row("own", "fp16", 1, 10) with { Success = false }, Row("own", "fp16", 16, 60),
            Row("own", "fp16", 1, 5) with { Rows = 8 }, Row("own", "int4", 1, 12), Row("own", "int4", 8, 13), Row("probe", "", 1, 1) with { Rows = null },
        ];
        Assert.Equal([42, 42, 42, 60, 5, 42, null, null], KernelFigures.WithFp16(rows).Select(row => row.Fp16TimeUs));
    }

    [Fact]
    public void TablesFitAConsoleOf80Columns()
    {
        using StringWriter text = new();
        Spectre.Console.IAnsiConsole console = ReportConsole.Create(text, isRedirected: true);
        console.Profile.Width = 80;
        foreach (ReportTable table in KernelTables.Of(SampleReports.Full()))
        {
            ConsoleTable.Write(console, table);
        }

        Assert.All(text.ToString().Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, line));
        Assert.All(["linear_product", "Warm(µs)", "4096x14336", "In x out"], heading => Assert.Contains(heading, text.ToString(), StringComparison.Ordinal));
    }

    private static KernelResult Row(string kernel, string format, int batch, double time) =>
        new() { Kernel = kernel, Success = true, Format = format, Rows = 4, Columns = 4, BatchSize = batch, TimeUs = time };

    private static string[] Texts(ReportTable table, int row) => [.. table.Rows[row].Select(cell => cell.Text)];
}
