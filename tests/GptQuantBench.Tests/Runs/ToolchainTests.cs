using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Tests.Runs;

/// <summary>A process for each phase, which is the default, and <c>--inProcess</c> do the same work.</summary>
public sealed class ToolchainTests
{
    [Fact]
    public void BothToolchainsDoTheSameWork()
    {
        var (outOfProcess, sweeps) = Run([], ToolchainKind.OutOfProcess);
        var (inProcess, sweepsInProcess) = Run(["--inProcess"], ToolchainKind.InProcess);
        Assert.Equal(outOfProcess.GeneratedIds, inProcess.GeneratedIds);
        Assert.Equal(outOfProcess.MemoryGb, inProcess.MemoryGb);
        Assert.Equal(outOfProcess.KvCacheBytes, inProcess.KvCacheBytes);
        Assert.Equal(outOfProcess.WorkspaceBytes, inProcess.WorkspaceBytes);
        Assert.Equal(outOfProcess.Decode, inProcess.Decode);
        // One list for each process; in process, all launches share one.
        AssertSamples(outOfProcess, [2, 2]);
        AssertSamples(inProcess, [4]);
        // Only a process that has generated nothing before has cold tokens.
        Assert.Equal(10, outOfProcess.FirstTokensMs!.Cold!.Count);
        Assert.Equal(10, outOfProcess.FirstTokensMs.Warm!.Count);
        Assert.Null(inProcess.FirstTokensMs!.Cold);
        Assert.Equal(10, inProcess.FirstTokensMs.Warm!.Count);
        // The points of a sweep are told apart in both.
        Assert.Equal(sweeps.Select(Described), sweepsInProcess.Select(Described));
        Assert.Equal(10, sweeps.Count);
        Assert.All(sweeps.Where(row => row.Sweep != SweepResult.TokenTimes), row =>
            Assert.Equal([2, 2], (row.Samples!.FirstTokenLatencyMs ?? row.Samples.TotalInferenceTimeSec)!.Select(process => process.Count)));
    }

    private static string Described(SweepResult row) => string.Join(
        ' ',
        row.Sweep,
        row.Success,
        row.Quantization,
        row.PromptTokens,
        row.DepthTokens,
        row.KvCacheBytes,
        row.MemoryGb,
        row.InterTokenLatencyMs?.Count,
        string.Join(',', (row.Samples!.FirstTokenLatencyMs ?? row.Samples.TotalInferenceTimeSec)!.Select(process => process.Count)));

    private static void AssertSamples(CaseResult row, int[] counts)
    {
        Assert.Equal(counts, row.Samples!.LoadTimeSec!.Select(process => process.Count));
        Assert.Equal(counts, row.Samples.FirstTokenLatencyMs!.Select(process => process.Count));
        Assert.Equal(counts, row.Samples.TotalInferenceTimeSec!.Select(process => process.Count));
    }

    private static (CaseResult Row, IReadOnlyList<SweepResult> Sweeps) Run(string[] options, ToolchainKind toolchain)
    {
        using var artifacts = new TemporaryFolder();
        TestProgram.Run(
            [
                "--filter", "*", "--model-path", Repository.Nano, "--quantizations", "8-bit", "--backend", "cpu", "--iterationCount", "2",
                "--launchCount", "2", "--artifacts", artifacts.FullName, .. options,
            ],
            // Not in the repository: benchmark processes are built from the program, not from its source.
            folder: artifacts.FullName).ShouldSucceed();
        var report = ReportFile.Read(Path.Combine(artifacts.FullName, "llm_benchmark_results.json"));
        Assert.Equal(toolchain, report.Metadata.Toolchain);
        return (Assert.Single(report.Results), report.Sweeps);
    }
}
