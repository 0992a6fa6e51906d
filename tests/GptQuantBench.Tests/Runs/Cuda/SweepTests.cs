using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using Driver = GptQuantBench.Tests.StandInDriver.StandInDriver;

namespace GptQuantBench.Tests.Runs.Cuda;

/// <summary>Every FP16 decode path stands in the report of a run by the CUDA backend.</summary>
public sealed class SweepTests
{
    /// <summary>Generations of a point here; without the option ten, after two that do not count.</summary>
    private const int Iterations = 3;

    [Fact]
    public void EveryDecodePathOfTheBaselineIsAPoint()
    {
        var report = Run([]);
        Assert.Equal(["FP16", "4-bit"], report.Results.Select(row => row.Quantization));
        Assert.Equal(["cublas", "eager", "graph", "persistent"], report.Sweeps.Select(point => point.Decode).Order());
        Assert.All(report.Sweeps, point =>
        {
            Assert.True(point.Success, point.Error);
            Assert.Equal("decode", point.Sweep);
            Assert.Equal("FP16", point.Quantization);
            Assert.Equal(Driver.DeviceName, point.Device);
            Assert.Equal(8, point.NumTokensGenerated);
            Assert.True(point.ThroughputTokensPerSec > 0);
            Assert.Equal(Iterations, Assert.Single(point.Samples!.TotalInferenceTimeSec!).Count);
        });
    }

    [Fact]
    public void APathThatFaultsIsAPointWithItsKernelAndTheMainJobStands()
    {
        // The main job's path has no such kernel; cublas, the first point, has.
        var report = Run([], expectedExitCode: 1, ("STANDIN_FAULT", "gelu_rows:40:700"));
        Assert.All(report.Results, row => Assert.True(row.Success, row.Error));
        Assert.Equal(["cublas", "eager", "graph", "persistent"], report.Sweeps.Select(point => point.Decode));
        Assert.All(report.Sweeps, point => Assert.Null(point.ThroughputTokensPerSec));
        Assert.StartsWith("The kernel gelu_rows faulted on the GPU", report.Sweeps[0].Error, StringComparison.Ordinal);
        Assert.All(report.Sweeps.Skip(1), point => Assert.Contains("(kernel gelu_rows)", point.Error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--decode", "graph")]
    [InlineData("--filter", "*FirstToken*")]
    public void AChosenPathOrPhaseIsNotSwept(params string[] options) => Assert.Empty(Run(options).Sweeps);

    [Fact]
    public void BatchesHaveAPointForEachSizeWithItsMemory()
    {
        var report = Run(["--filter", "*BatchSizeSweep*"]);
        Assert.Equal(
            [("FP16", 1), ("FP16", 8), ("FP16", 64), ("4-bit", 1), ("4-bit", 8), ("4-bit", 64)],
            report.Sweeps.Select(point => (point.Quantization, point.BatchSize)));
        Assert.All(report.Sweeps, point =>
        {
            Assert.True(point.Success, point.Error);
            Assert.True(point.ThroughputTokensPerSec > 0);
            Assert.True(point.KvCacheBytes >= point.BatchSize * 1024);
        });
    }

    private static RunReport Run(string[] options, int expectedExitCode = 0, params (string Name, string Value)[] faults)
    {
        using var artifacts = new TemporaryFolder();
        string[] filter = options.Contains("--filter") ? [] : ["--filter", "*MainJob*", "*DecodeSweep*"];
        var outcome = TestProgram.Run(
            [
                .. filter, "--inProcess", "--model-path", Repository.Nano, "--backend", "cuda", "--quantizations", "FP16,4-bit", "--tokens", "8",
                "--warmupCount", "1", "--iterationCount", $"{Iterations}", "--artifacts", artifacts.FullName, .. options,
            ],
            environment: Driver.Environment(faults));
        Assert.True(outcome.ExitCode == expectedExitCode, outcome.ToString());
        return ReportFile.Read(Path.Combine(artifacts.FullName, "llm_benchmark_results.json"));
    }
}
