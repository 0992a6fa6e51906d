using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using Driver = GptQuantBench.Tests.StandInDriver.StandInDriver;

namespace GptQuantBench.Tests.Runs.Cuda;

/// <summary>The kernel benchmarks by the CUDA backend: graphs, events and rows, on a device whose kernels compute nothing.</summary>
public sealed class KernelBenchmarkTests
{
    [Fact]
    public void OwnKernelsStandBesideCuBlasTimedByTheDevicesEvents()
    {
        using var artifacts = new TemporaryFolder();
        string[] run =
        [
            "--filter", "*Kernels*", "--inProcess", "--model-path", Repository.Nano, "--backend", "cuda", "--quantizations", "FP16,4-bit",
            "--iterationCount", "2", "--artifacts", artifacts.FullName,
        ];
        TestProgram.Run(run, environment: Driver.Environment()).ShouldSucceed();
        var rows = ReportFile.Read(Path.Combine(artifacts.FullName, "llm_benchmark_results.json")).Kernels;
        Assert.All(rows, row =>
        {
            Assert.True(row.Success, row.Error);
            Assert.Equal(Driver.DeviceName, row.Device);
        });
        Assert.Equal(
            ["read_memory -", "cublas FP16", "linear_product 4-bit", "linear_product FP16", "tiled_product 4-bit", "tiled_product FP16"],
            rows.Select(row => $"{row.Kernel} {row.Quantization ?? "-"}").Distinct().Order(StringComparer.Ordinal).OrderBy(name => name != "read_memory -"));
        foreach (var kernel in rows.Where(row => row.Rows is not null).GroupBy(row => (row.Kernel, row.Quantization)))
        {
            Assert.Equal(["768x2304", "768x768", "768x3072", "3072x768", "768x50257", "4096x14336"], kernel.Select(row => $"{row.Columns}x{row.Rows}"));
        }

        // Between two events of this device there is always one millisecond, and in it whole rotations of at least 64 products: 20 replays
        // of 64 fill a call of 20 ms.
        Assert.All(rows.Where(row => row.Rows is not null), row =>
        {
            Assert.All(row.SamplesUs!.Concat(row.WarmSamplesUs!), process => Assert.All(process, time => Assert.InRange(time, 1000.0 / 5000, 1000.0 / 64)));
            Assert.NotNull(row.Fp16TimeUs);
            Assert.Null(row.MultiplyAddGflopPerSec);
        });
        Assert.Equal(1000.0 / (20 * 64), Row("4096x14336", "FP16").TimeUs!.Value, 3);

        KernelResult Row(string shape, string format) =>
            rows.First(row => $"{row.Columns}x{row.Rows}" == shape && row.Quantization == format);
    }
}
