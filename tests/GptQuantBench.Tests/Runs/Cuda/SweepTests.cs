using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using Driver = GptQuantBench.Tests.StandInDriver.StandInDriver;

namespace GptQuantBench.Tests.Runs.Cuda;

/// <summary>Every FP16 decode path stands in the report of a run by the CUDA backend.</summary>
public sealed class SweepTests
{
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
            Assert.Equal(10, Assert.Single(point.Samples!.TotalInferenceTimeSec!).Count);
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
    public void BatchesAreLeftOutWithTheReason()
    {
        using var artifacts = new TemporaryFolder();
        string[] run =
        [
            "--inProcess", "--model-path", Repository.Nano, "--backend", "cuda", "--quantizations", "FP16", "--tokens", "4", "--iterationCount", "1",
            "--warmupCount", "0", "--artifacts", artifacts.FullName,
        ];
        const string Reason = "The sweep over the batch size is left out. The CUDA backend decodes one sequence at a time; choose the CPU backend for batches.";
        var outcome = TestProgram.Run(["--filter", "*DepthSweep*", "*BatchSizeSweep*", .. run], environment: Driver.Environment()).ShouldSucceed();
        var report = ReportFile.Read(Path.Combine(artifacts.FullName, "llm_benchmark_results.json"));
        Assert.All(report.Sweeps, point => Assert.Equal(SweepResult.Depth, point.Sweep));
        Assert.Contains(Reason, report.Metadata.Notices);
        Assert.Contains(Reason, outcome.Output, StringComparison.Ordinal);

        TestProgram.Run(["--filter", "*BatchSizeSweep*", .. run], environment: Driver.Environment()).ShouldFail(2, Reason);
        var without = TestProgram.Run(["--filter", "*DepthSweep*", .. run], environment: Driver.Environment()).ShouldSucceed();
        Assert.DoesNotContain("left out", without.Output, StringComparison.Ordinal);
    }

    private static RunReport Run(string[] options, int expectedExitCode = 0, params (string Name, string Value)[] faults)
    {
        using var artifacts = new TemporaryFolder();
        string[] filter = options.Contains("--filter") ? [] : ["--filter", "*MainJob*", "*DecodeSweep*"];
        var outcome = TestProgram.Run(
            [
                .. filter, "--inProcess", "--model-path", Repository.Nano, "--backend", "cuda", "--quantizations", "FP16,4-bit", "--tokens", "8",
                "--artifacts", artifacts.FullName, .. options,
            ],
            environment: Driver.Environment(faults));
        Assert.True(outcome.ExitCode == expectedExitCode, outcome.ToString());
        return ReportFile.Read(Path.Combine(artifacts.FullName, "llm_benchmark_results.json"));
    }
}
