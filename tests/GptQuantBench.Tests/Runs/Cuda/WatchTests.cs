using System.Diagnostics;
using Driver = GptQuantBench.Tests.StandInDriver.StandInDriver;

namespace GptQuantBench.Tests.Runs.Cuda;

/// <summary><c>watch</c>: a kernel is timed again when its PTX changes, on a device whose kernels compute nothing.</summary>
public sealed class WatchTests : IDisposable
{
    private const string Ptx = "weights_int4.sm_90.ptx";

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void AChangedKernelIsTimedAgainUntilCtrlC()
    {
        using var program = StartWatch();
        var start = WaitFor(program, "start");
        Assert.Contains($"Watching {_folder.FullName} on {Driver.DeviceName}; Ctrl+C ends it.", program.OutputSoFar, StringComparison.Ordinal);
        Assert.Contains("linear_product int4-g32-sym 768x768 batch 2: ", start, StringComparison.Ordinal);
        Assert.Contains("GB/s", start, StringComparison.Ordinal);
        // A kernel that does nothing is fast, and nobody should take it for a good one.
        Assert.Contains("WRONG: the outputs differ from the product", start, StringComparison.Ordinal);

        // As a compiler writes: two files, each in pieces.
        var text = File.ReadAllText(_folder[Ptx]);
        File.WriteAllText(_folder[Ptx], "");
        File.AppendAllText(_folder[Ptx], text);
        File.WriteAllText(_folder["attention.sm_90.ptx"], File.ReadAllText(Repository.Ptx("attention.sm_90.ptx")));
        var change = WaitFor(program, "change 1");
        Assert.Contains("% since the start", change, StringComparison.Ordinal);
        Assert.Contains($"attention.sm_90.ptx, {Ptx}", program.OutputSoFar, StringComparison.Ordinal);

        // What cannot be loaded waits for the next change.
        File.WriteAllText(_folder[Ptx], text.Replace("linear_product", "linear_mistyped", StringComparison.Ordinal));
        Assert.Contains("FAILED: ", WaitFor(program, "change 2"), StringComparison.Ordinal);
        File.WriteAllText(_folder[Ptx], text);
        Assert.Contains("since the last", WaitFor(program, "change 3"), StringComparison.Ordinal);

        Process.Start("kill", $"-INT {program.Process.Id}").WaitForExit();
        var outcome = program.WaitForExit(_patience);
        Assert.True(outcome.ExitCode == 130, outcome.ToString());
        Assert.DoesNotContain("change 4", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void KernelsAreChosenByNameAndElseAreTheOnesThatRun()
    {
        using (var named = StartWatch("--shape 768x768 --batch 2 --kernel linear_product,tiled_product"))
        {
            WaitFor(named, "start     linear_product int4-g32-sym 768x768 batch 2: ");
            WaitFor(named, "start     tiled_product int4-g32-sym 768x768 batch 2: ");
            Process.Start("kill", $"-INT {named.Process.Id}").WaitForExit();
            named.WaitForExit(_patience);
        }

        // Of more than 16 vectors tiles are read once, whatever the matrix.
        using var chosen = StartWatch("--shape 768x768 --batch 17");
        WaitFor(chosen, "start     tiled_product int4-g32-sym 768x768 batch 17: ");
        Assert.DoesNotContain("linear_product", chosen.OutputSoFar, StringComparison.Ordinal);
        Process.Start("kill", $"-INT {chosen.Process.Id}").WaitForExit();
        chosen.WaitForExit(_patience);
    }

    [Fact]
    public void AWrongKernelIsToldTheOnesThereAre()
    {
        using var program = StartWatch("--shape 768x768 --kernel tiled_product,cublas");
        program.WaitForExit(_patience).ShouldFail(
            2, "Option --kernel has the value 'tiled_product,cublas'; expected names of kernels, for int4-g32-sym linear_product or tiled_product.");
    }

    [Fact]
    public void AFaultEndsItWithASentence()
    {
        using var program = StartWatch(faults: ("STANDIN_FAULT", "linear_product:1:700"));
        Assert.Contains("FAILED: ", WaitFor(program, "start"), StringComparison.Ordinal);
        var outcome = program.WaitForExit(_patience);
        outcome.ShouldFail(1, "start watch again");
    }

    // On this device of 32 multiprocessors: a tile for each, a tall one for each, and too few rows for either. Only the kernel that is
    // named faults.
    [Theory]
    [InlineData("512x2048", 9, "bulk_product_16")]
    [InlineData("512x4096", 1, "bulk_product_8_tall")]
    [InlineData("512x64", 9, "tiled_product_16")]
    public void TheTensorCopyEngineBringsTheWeightsWhereThatIsFaster(string shape, int batch, string kernel)
    {
        using var program = StartWatch($"--shape {shape} --batch {batch} --kernel tiled_product", ("STANDIN_FAULT", $"{kernel}:1:700"));
        Assert.Contains("FAILED: ", WaitFor(program, "start"), StringComparison.Ordinal);
        program.WaitForExit(_patience).ShouldFail(1, "start watch again");
    }

    [Theory]
    [InlineData("", "watch needs the folder whose PTX files are tuned")]
    [InlineData("--shape 64", "expected inputs and outputs of a matrix, such as 4096x14336")]
    [InlineData("--shape 64x0", "expected inputs and outputs of a matrix, such as 4096x14336")]
    [InlineData("--batch 0", "expected a whole number from 1 to 4096")]
    [InlineData("--shape 64x48 --device 999", "watch needs a CUDA device, and none can be used: ")]
    public void WrongUseAndAMissingDeviceAreOneSentence(string options, string sentence)
    {
        string[] arguments = options.Length == 0 ? ["watch"] : ["watch", "--kernels", _folder.FullName, .. options.Split(' ')];
        TestProgram.Run(arguments, environment: new Dictionary<string, string?> { ["GPTQUANTBENCH_PTX_DIR"] = null }).ShouldFail(2, sentence);
    }

    public void Dispose() => _folder.Dispose();

    private static string WaitFor(TestProgram program, string beginning)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < _patience)
        {
            if (program.OutputSoFar.Split('\n').FirstOrDefault(line => line.TrimStart().StartsWith(beginning, StringComparison.Ordinal)) is { } line)
            {
                return line;
            }

            Assert.False(program.Process.HasExited, program.OutputSoFar);
            Thread.Sleep(50);
        }

        Assert.Fail($"'{beginning}' did not come: {program.OutputSoFar}");
        return "";
    }

    private TestProgram StartWatch(string options = "--shape 768x768 --batch 2", params (string Name, string Value)[] faults)
    {
        var environment = Driver.Environment(faults);
        File.Copy(Repository.Ptx(Ptx), _folder[Ptx], overwrite: true);
        return TestProgram.Start(["watch", "--kernels", _folder.FullName, .. options.Split(' ')], environment: environment);
    }
}
