using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using NJsonSchema;

namespace GptQuantBench.Tests.Kernels;

/// <summary>The kernel benchmarks of a run, as a user starts them.</summary>
public sealed class KernelRunTests
{
    [Fact]
    public async Task TheShortFormIsInItsListAloneAndAResumedRunKeepsIt()
    {
        using var artifacts = new TemporaryFolder();
        string[] run =
        [
            "--filter", "*Kernels*", "--inProcess", "--model-path", Repository.Nano, "--backend", "cpu", "--quantizations", "4-bit",
            "--iterationCount", "2", "--artifacts", artifacts.FullName,
        ];
        var outcome = TestProgram.Run(run).ShouldSucceed();
        var file = Path.Combine(artifacts.FullName, "llm_benchmark_results.json");
        var report = ReportFile.Read(file);
        Assert.Empty(report.Results);
        Assert.Empty(report.Sweeps);
        KernelResult[] products = [.. report.Kernels.Where(row => row.Rows is not null)];
        Assert.Equal(
            ["768x2304", "768x768", "768x3072", "3072x768", "768x50257", "4096x14336"], products.Select(row => $"{row.Columns}x{row.Rows}"));
        Assert.All(report.Kernels, row =>
        {
            Assert.True(row.Success, row.Error);
            Assert.Equal(2, Assert.Single(row.SamplesUs!).Count);
        });
        Assert.All(products, row =>
        {
            Assert.Equal(("4-bit", 1), (row.Quantization, row.BatchSize));
            Assert.True(row is { GbPerSec: > 0, BandwidthFraction: > 0, ReadBandwidthGbPerSec: > 0, MultiplyAddGflopPerSec: > 0 });
        });
        Assert.Equal(["read_memory", "multiply_add"], report.Kernels.Select(row => row.Kernel).Except([products[0].Kernel]));

        var schema = await JsonSchema.FromFileAsync(Path.Combine(Repository.Root, "docs", "report.schema.json"), TestContext.Current.CancellationToken);
        Assert.Empty(schema.Validate(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)));
        Assert.All(
            ["estimated at", "KERNEL 1/3: read_memory", $"KERNEL 3/3: {products[0].Kernel} 4-bit", "4096x14336  batch 1", "Kernels beside the bandwidth"],
            text => Assert.Contains(text, outcome.Output, StringComparison.Ordinal));

        var again = TestProgram.Run([.. run, "--resume"]).ShouldSucceed();
        Assert.DoesNotContain("KERNEL", again.Output, StringComparison.Ordinal);
        Assert.Equal(report.Kernels.Select(row => row.TimeUs), ReportFile.Read(file).Kernels.Select(row => row.TimeUs));
    }
}
