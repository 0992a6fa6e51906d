using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Driver = GptQuantBench.Tests.StandInDriver.StandInDriver;

namespace GptQuantBench.Tests.Runs.Cuda;

/// <summary>Drivers and devices that cannot be used, or not for everything.</summary>
public sealed class DeviceStateTests
{
    private const int BadInput = 2;

    public static TheoryData<string, string, string> Unusable => new()
    {
        { "STANDIN_INIT", "100", "No CUDA device is usable: cuInit failed with CUDA_ERROR_NO_DEVICE" },
        { "STANDIN_CUDA_VERSION", "11020", "supports CUDA 11.2 at most" },
        { "STANDIN_CAPABILITY", "7", "compute capability 7.0, but 8.0 or later is needed" },
        { "STANDIN_UNAVAILABLE", "1", "CUDA_ERROR_DEVICE_UNAVAILABLE (CUDA-capable device(s) is/are busy or unavailable) because another program holds" },
        { "STANDIN_MAX_PTX", "6.5", "could not compile probe.sm_80.ptx for this device, CUDA_ERROR_UNSUPPORTED_PTX_VERSION" },
        { "STANDIN_MEMORY", "1000", "has no room for another context" },
    };

    [Theory]
    [MemberData(nameof(Unusable))]
    public void ARequestedDeviceThatCannotBeUsedIsOneSentence(string variable, string value, string sentence)
    {
        var environment = Driver.Environment((variable, value));
        TestProgram.Run(["--filter", "*", "--backend", "cuda", "--model-path", Repository.Nano], environment: environment).ShouldFail(BadInput, sentence);
        TestProgram.Run(["generate", "--require-gpu", "--model-path", Repository.Nano], environment: environment).ShouldFail(BadInput, sentence, "--require-gpu");
    }

    [Theory]
    [MemberData(nameof(Unusable))]
    public void AutoTakesTheCpuAndSaysWhyInOneLine(string variable, string value, string sentence)
    {
        var outcome = TestProgram.Run(
            ["generate", "--model-path", Repository.Nano, "--tokens", "2"], environment: Driver.Environment((variable, value))).ShouldSucceed();
        Assert.Single(outcome.Error.Split('\n'), line => line.StartsWith("Backend cpu on ", StringComparison.Ordinal) && line.Contains(sentence, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Unusable))]
    public void InfoSaysWhatKeepsTheDeviceFromRunning(string variable, string value, string sentence)
    {
        var outcome = TestProgram.Run(["info"], environment: Driver.Environment((variable, value))).ShouldSucceed();
        Assert.Single(outcome.Output.Split('\n'), line => line.StartsWith("Backend:  cuda: ", StringComparison.Ordinal) && line.Contains(sentence, StringComparison.Ordinal));
    }

    [Fact]
    public void ADriverTooOldForTheNewestPtxTakesTheBaseline()
    {
        var run = StandInRun.InProcess(["--quantizations", "4-bit"], ("STANDIN_MAX_PTX", "7.1"));
        run.Outcome.ShouldSucceed();
        Assert.Contains(run.Report.Metadata.Notices, notice => notice.Contains("too old for the PTX for sm_90", StringComparison.Ordinal));
    }

    [Fact]
    public void AFullDeviceFailsTheCaseWithWhatWasAskedAndWhatWasFreeAndTheNextRuns()
    {
        // 25 MB of FP16 weights beside workspace and context do not fit, 7 MB in 4-bit do.
        var run = StandInRun.InProcess(
            ["--filter", "*FirstToken*"], ("STANDIN_MEMORY", $"{44L << 20}"), ("GPTQUANTBENCH_CUBLAS", "/no/such/folder"));
        Assert.Equal(1, run.Outcome.ExitCode);
        var match = Regex.Match(run.Row("FP16").Error!, "([0-9,]+) bytes were asked for but only ([0-9,]+) of 46,137,344 are free on Stand-in device");
        Assert.True(match.Success, run.Row("FP16").Error);
        Assert.True(Bytes(match.Groups[2]) < Bytes(match.Groups[1]));
        Assert.True(run.Row("4-bit").Success, run.Row("4-bit").Error);

        static long Bytes(Group group) => long.Parse(group.Value.Replace(",", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void PageLockedMemoryThatIsRefusedIsNamed()
    {
        var run = StandInRun.InProcess(["--quantizations", "4-bit"], ("STANDIN_HOST_LIMIT", "1000000"));
        Assert.Equal(1, run.Outcome.ExitCode);
        Assert.Contains("CUDA_ERROR_OUT_OF_MEMORY (out of memory) for 8,388,608 bytes of page-locked host memory", run.Row("4-bit").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ADecodePathWithoutItsLibraryIsOneSentence()
    {
        Assert.SkipWhen(
            new[] { "libcublas.so.13", "libcublas.so.12", "libcublas.so.11" }.Any(name => NativeLibrary.TryLoad(name, out _)), "This machine has cuBLAS.");
        var environment = Driver.Environment(("GPTQUANTBENCH_CUBLAS", "/no/such/folder"));
        TestProgram.Run(["--filter", "*", "--decode", "cublas", "--backend", "cuda", "--model-path", Repository.Nano], environment: environment)
            .ShouldFail(BadInput, "cuBLAS", "could not be loaded");

        // Prompts longer than the fused kernels take do without it.
        TestProgram.Run(["generate", "--backend", "cuda", "--model-path", Repository.Nano, "--tokens", "2", "--prompt", string.Concat(Enumerable.Repeat("word ", 40))],
            environment: environment).ShouldSucceed();
    }

    [Fact]
    public void AKernelFolderWithoutPtxIsOneSentence()
    {
        using var folder = new TemporaryFolder();
        TestProgram.Run(["--filter", "*", "--model-path", Repository.Nano, "--kernels", folder.FullName], environment: Driver.Environment())
            .ShouldFail(BadInput, folder.FullName, "holds no PTX files");
    }

    [Fact]
    public void PtxThatIsNoneIsOneSentence()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["probe.sm_90.ptx"], "this is no PTX");
        TestProgram.Run(["--filter", "*", "--backend", "cuda", "--model-path", Repository.Nano, "--kernels", folder.FullName], environment: Driver.Environment())
            .ShouldFail(BadInput, "probe.sm_90.ptx", "Missing .version directive");
    }
}
