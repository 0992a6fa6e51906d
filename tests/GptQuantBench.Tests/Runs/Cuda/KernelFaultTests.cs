namespace GptQuantBench.Tests.Runs.Cuda;

/// <summary>A kernel that faults fails its case by name; what else runs depends on whether a process is left that can use the device.</summary>
public sealed class KernelFaultTests
{
    private const string Fault = "STANDIN_FAULT";

    /// <summary>In the middle of an 8-bit case's generation, in a step that is replayed as a graph.</summary>
    private const string InGeneration = "linear_norm_gelu:40:700:pack_int8";

    [Fact]
    public void InAProcessOfItsOwnACaseFailsByTheKernelsNameAndTheNextRuns()
    {
        using var folder = new TemporaryFolder();

        // On a device that one process may use at a time: neither the host nor a phase that has ended holds it.
        var run = StandInRun.OutOfProcess(["--decode", "graph"], (Fault, InGeneration), ("STANDIN_EXCLUSIVE", folder["lock"]));
        Assert.True(run.Outcome.ExitCode == 1, run.Outcome.ToString());
        Assert.True(run.Row("FP16").Success, run.Row("FP16").Error);
        AssertNamed(run.Row("8-bit").Error, "linear_norm_gelu", "CUDA_ERROR_ILLEGAL_ADDRESS");
        Assert.Null(run.Row("8-bit").ThroughputTokensPerSec);
        Assert.True(run.Row("4-bit").Success, run.Row("4-bit").Error);
    }

    [Fact]
    public void InOneProcessTheRestSaysWhyItCannotRunAndWhatIsFinishedStays()
    {
        var run = StandInRun.InProcess(["--decode", "graph"], (Fault, InGeneration));
        Assert.Equal(1, run.Outcome.ExitCode);
        Assert.True(run.Row("FP16").Success, run.Row("FP16").Error);
        AssertNamed(run.Row("8-bit").Error, "linear_norm_gelu", "CUDA_ERROR_ILLEGAL_ADDRESS");
        var rest = run.Row("4-bit").Error;
        Assert.StartsWith("This case cannot run because gpt2-nano 8-bit faulted in Generate50 (kernel linear_norm_gelu)", rest, StringComparison.Ordinal);
        Assert.Contains("--inProcess", rest, StringComparison.Ordinal);
        Assert.NotNull(run.Report.Metadata.FinishedAt);
        Assert.Contains("── Summary", run.Outcome.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pack_int8:1:702", "pack_int8", "CUDA_ERROR_LAUNCH_TIMEOUT")]
    [InlineData("embed_tokens:1:719", "embed_tokens", "CUDA_ERROR_LAUNCH_FAILED")]
    [InlineData("sample_choose:3:700", "sample_choose", "CUDA_ERROR_ILLEGAL_ADDRESS")]
    [InlineData("read_memory:20:719", "read_memory", "CUDA_ERROR_LAUNCH_FAILED")]
    public void TheKernelIsNamedWhereverItIsLaunched(string fault, string kernel, string status)
    {
        var run = StandInRun.InProcess(["--quantizations", "8-bit", "--decode", "graph"], (Fault, fault));
        Assert.Equal(1, run.Outcome.ExitCode);
        AssertNamed(run.Row("8-bit").Error, kernel, status);
    }

    [Theory]
    [InlineData("eager", "gelu_rows:40", "gelu_rows")]
    [InlineData("cublas", "cublas_gemm:40", "cublasGemmEx")]
    [InlineData("persistent", "persistent_decode:1", "persistent_decode")]
    [InlineData("persistent", "prompt_first:1", "prompt_first")]
    public void TheKernelIsNamedOnEveryPath(string decode, string launched, string named)
    {
        var run = StandInRun.InProcess(["--quantizations", "FP16", "--decode", decode], (Fault, $"{launched}:700"));
        Assert.Equal(1, run.Outcome.ExitCode);
        AssertNamed(run.Row("FP16").Error, named, "CUDA_ERROR_ILLEGAL_ADDRESS");
    }

    [Fact]
    public void AKernelOfAFolderThatTrapsIsNamed()
    {
        const string File = "weights_int8.sm_90.ptx";
        using var folder = new TemporaryFolder();
        var ptx = System.IO.File.ReadAllText(Repository.Ptx(File));
        var body = ptx.IndexOf("// %bb.0:", ptx.IndexOf(".entry advance_step(", StringComparison.Ordinal), StringComparison.Ordinal);
        System.IO.File.WriteAllText(folder[File], ptx.Insert(body, "\ttrap;\n"));
        var run = StandInRun.InProcess(["--kernels", folder.FullName, "--quantizations", "FP16,8-bit", "--decode", "graph"]);
        Assert.Equal(1, run.Outcome.ExitCode);
        Assert.True(run.Row("FP16").Success, run.Row("FP16").Error);
        AssertNamed(run.Row("8-bit").Error, "advance_step", "CUDA_ERROR_LAUNCH_FAILED");
    }

    [Fact]
    public void AFaultThatDoesNotComeAgainIsSaidSo()
    {
        using var folder = new TemporaryFolder();
        var run = StandInRun.InProcess(["--quantizations", "8-bit", "--decode", "graph"], (Fault, "linear_residual:30:700"), ("STANDIN_FAULT_ONCE", folder["once"]));
        Assert.Equal(1, run.Outcome.ExitCode);
        var error = run.Row("8-bit").Error;
        Assert.Contains("CUDA_ERROR_ILLEGAL_ADDRESS", error, StringComparison.Ordinal);
        Assert.EndsWith(
            "the kernel is not known because the fault did not come again when the work was repeated one launch at a time.", error, StringComparison.Ordinal);
    }

    private static void AssertNamed(string? error, string kernel, string status) =>
        Assert.StartsWith($"The kernel {kernel} faulted on the GPU: cuStreamSynchronize failed with {status} (", error, StringComparison.Ordinal);
}
