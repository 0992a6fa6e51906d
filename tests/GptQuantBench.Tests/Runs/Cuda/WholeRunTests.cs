using GptQuantBench.Inference.Quantization;
using GptQuantBench.Reporting.Records;
using Driver = GptQuantBench.Tests.StandInDriver.StandInDriver;

namespace GptQuantBench.Tests.Runs.Cuda;

/// <summary>The main job by the CUDA backend, end to end, on a device whose kernels compute nothing.</summary>
public sealed class WholeRunTests
{
    [Fact]
    public void EveryCaseRunsAndLeavesTheDeviceAsItWas()
    {
        var run = StandInRun.InProcess([]);
        run.Outcome.ShouldSucceed();
        Assert.Equal(Driver.DeviceName, run.Report.Metadata.Gpu);
        Assert.Equal("13.0", run.Report.Metadata.CudaVersion);
        Assert.Equal(8L << 30, run.Report.Metadata.TotalVramGb!.Value * 1e9, 1.0);
        Assert.Equal(["FP16", "8-bit", "4-bit"], run.Report.Results.Select(row => row.Quantization));
        Assert.All(run.Report.Results, row =>
        {
            Assert.True(row.Success, row.Error);
            Assert.Equal("cuda", row.Backend);
            Assert.Equal("persistent", row.Decode);
            Assert.Equal(Driver.DeviceName, row.Device);
            Assert.Equal(Enumerable.Repeat(318, 8), row.GeneratedIds!);
            Assert.Equal(0, row.LeakedBytes!.Allocator);
            Assert.Equal(0, row.LeakedBytes.Driver);
            Assert.Equal("cuMemGetInfo, whole device", row.DriverBytes!.Source);
            Assert.True(row.DriverBytes.Value > row.MemoryGb * 1e9);
            Assert.NotNull(row.ContextTimeSec);
            Assert.NotNull(row.JitTimeSec);
        });
        Assert.True(run.Row("4-bit").MemoryGb < run.Row("8-bit").MemoryGb);
        Assert.True(run.Row("8-bit").MemoryGb < run.Row("FP16").MemoryGb);
    }

    [Theory]
    [InlineData("eager")]
    [InlineData("cublas")]
    [InlineData("graph")]
    [InlineData("persistent")]
    public void ADecodePathThatIsAskedForRuns(string decode)
    {
        var run = StandInRun.InProcess(["--decode", decode, "--quantizations", "FP16"]);
        run.Outcome.ShouldSucceed();
        Assert.Equal(decode, run.Row("FP16").Decode);
        Assert.Equal("persistent", run.Row("FP16").DefaultDecode);
    }

    [Theory]
    [InlineData("9")]
    [InlineData("8")]
    public void TheArgumentsOfEveryFormatsKernelsAreWhatThePtxSays(string capability)
    {
        var formats = string.Join(',', QuantizationFormat.All.Select(format => format.Name));
        var run = StandInRun.InProcess(["--quantizations", formats, "--filter", "*FirstToken*"], ("STANDIN_CAPABILITY", capability));
        run.Outcome.ShouldSucceed();
        Assert.Equal(QuantizationFormat.All.Count, run.Report.Results.Count);
    }

    [Fact]
    public void AKernelWithOtherArgumentsIsAFailedRow()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["rows.sm_90.ptx"], File.ReadAllText(Repository.Ptx("rows.sm_90.ptx")).Replace(
            ".param .u32 set_state_param_2", ".param .u64 set_state_param_2", StringComparison.Ordinal));
        var run = StandInRun.InProcess(["--kernels", folder.FullName, "--quantizations", "FP16"]);
        Assert.Equal(1, run.Outcome.ExitCode);
        Assert.Contains("Parameter 2 of the kernel set_state is 8 bytes", run.Row("FP16").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AKernelThatIsMissingIsAFailedRow()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["rows.sm_90.ptx"], File.ReadAllText(Repository.Ptx("rows.sm_90.ptx")).Replace("set_state", "other_state", StringComparison.Ordinal));
        var run = StandInRun.InProcess(["--kernels", folder.FullName, "--quantizations", "FP16"]);
        Assert.Equal(1, run.Outcome.ExitCode);
        Assert.Contains("finds no set_state in the module rows.sm_90.ptx", run.Row("FP16").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void DeviceMemoryThatDoesNotComeBackIsAFailedRow()
    {
        var run = StandInRun.InProcess(["--quantizations", "FP16"], ("STANDIN_LEAK", $"{LeakedBytes.DriverTolerance + 1}"));
        Assert.Equal(1, run.Outcome.ExitCode);
        Assert.Matches("left [0-9]+ bytes of device memory in use after clean-up", run.Row("FP16").Error!);
    }
}
