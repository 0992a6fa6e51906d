using System.Diagnostics;
using GptQuantBench.Reporting.Json;

namespace GptQuantBench.Tests.Runs;

/// <summary>Runs that do not end well.</summary>
public sealed class FailingRunTests
{
    private const string Report = "llm_benchmark_results.json";

    /// <summary>For runs in which the model does not matter; 48 positions, and ids instead of text.</summary>
    private static readonly string _tiny = Path.Combine(Repository.Fixtures, "variants", "deep-f16");

    [Fact]
    public void NaNInAWeightIsAFailedRowWithItsReason()
    {
        using var folder = new TemporaryFolder();
        var model = folder.CopyOfNano();
        Spoil.LastWeight(Path.Combine(model, "model.safetensors"), 0x7E00);
        var outcome = TestProgram.Run(Smoke(model, folder["artifacts"]));
        Assert.True(outcome.ExitCode == 1, outcome.ToString());
        var rows = ReportFile.Read(Path.Combine(folder["artifacts"], Report)).Results;
        Assert.Equal(3, rows.Count);
        Assert.All(rows, row =>
        {
            Assert.False(row.Success);
            Assert.Contains("NaN", row.Error, StringComparison.OrdinalIgnoreCase);
            Assert.Null(row.ThroughputTokensPerSec);
        });
        Assert.Contains("FAILED", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Output + outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(70)]
    [InlineData(230)]
    [InlineData(610)]
    public void AKilledRunKeepsItsFinishedCases(int milliseconds)
    {
        using var folder = new TemporaryFolder();
        using var program = TestProgram.Start(Endless(folder["artifacts"]));
        var path = WaitForRows(program, folder["artifacts"], 1);
        var finished = ReportFile.Read(path).Results.Count;
        Thread.Sleep(milliseconds);
        program.Process.Kill(entireProcessTree: true);
        program.Process.WaitForExit();
        Assert.True(ReportFile.Read(path).Results.Count >= finished);
        Assert.All(ReportFile.Read(path).Results, row => Assert.True(row.Success, row.Error));
        Assert.NotEmpty(ReportFile.Read(path).Results);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void AStoppedRunSaysWhatItKept(string signal)
    {
        using var folder = new TemporaryFolder();
        using var program = TestProgram.Start(Endless(folder["artifacts"]));
        var path = WaitForRows(program, folder["artifacts"], 1);
        using (var kill = Process.Start("kill", [$"-{signal}", $"{program.Process.Id}"]))
        {
            kill.WaitForExit();
        }

        var outcome = program.WaitForExit(TimeSpan.FromSeconds(30));
        outcome.ShouldFail(130, "stopped;", "finished cases are in", path);
        Assert.NotEmpty(ReportFile.Read(path).Results);
        Assert.NotNull(ReportFile.Read(path).Metadata.FinishedAt);
        Assert.DoesNotContain(program.TemporaryFiles, name => name.StartsWith("gptquantbench", StringComparison.Ordinal));
    }

    [Fact]
    public void AnEarlierReportIsKeptBesideTheNewOne()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["artifacts"]);
        File.WriteAllText(Path.Combine(folder["artifacts"], Report), "old");
        string[] onlyFour = [.. Smoke(_tiny, folder["artifacts"]), "--quantizations", "4-bit"];
        TestProgram.Run(onlyFour).ShouldSucceed();
        Assert.Equal("old", File.ReadAllText(Path.Combine(folder["artifacts"], "llm_benchmark_results.previous.json")));
        Assert.Equal("4-bit", Assert.Single(ReportFile.Read(Path.Combine(folder["artifacts"], Report)).Results).Quantization);
    }

    [Fact]
    public void AResumedRunKeepsTheCasesThatDidTheSameWork()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder["artifacts"], Report);
        TestProgram.Run([.. Smoke(_tiny, folder["artifacts"]), "--quantizations", "8-bit"]).ShouldSucceed();
        var finished = Assert.Single(ReportFile.Read(path).Results);

        var outcome = TestProgram.Run([.. Smoke(_tiny, folder["artifacts"]), "--resume"]).ShouldSucceed();
        Assert.Contains("1 finished cases", outcome.Output, StringComparison.Ordinal);
        var rows = ReportFile.Read(path).Results;
        Assert.Equal(["8-bit", "FP16", "4-bit"], rows.Select(row => row.Quantization));
        Assert.Equal(finished.LoadTimeSec, rows[0].LoadTimeSec);

        TestProgram.Run([.. Smoke(_tiny, folder["artifacts"]), "--resume", "--seed", "9"]).ShouldSucceed();
        Assert.All(ReportFile.Read(path).Results, row => Assert.Equal(9UL, row.Seed));
        Assert.Equal(3, ReportFile.Read(path).Results.Count);
    }

    [Theory]
    [InlineData("8k")]
    [InlineData("16k")]
    [InlineData("32k")]
    [InlineData("64k")]
    public void ADiskThatFillsIsSaidAndKeepsWhatIsKnown(string size)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && OperatingSystem.IsLinux(), "Only root can mount a small disk.");
        using var folder = new TemporaryFolder();
        var disk = Directory.CreateDirectory(folder["disk"]).FullName;
        using (var mount = Process.Start("mount", ["-t", "tmpfs", "-o", $"size={size}", "tmpfs", disk]))
        {
            mount.WaitForExit();
            Assert.SkipUnless(mount.ExitCode == 0, "This machine does not let tests mount a small disk.");
        }

        try
        {
            var outcome = TestProgram.Run(Smoke(_tiny, disk));
            Assert.True(outcome.ExitCode is 1 or 2, outcome.ToString());
            Assert.Contains(outcome.Error.Split('\n'), line => line.Contains(disk, StringComparison.Ordinal) || line.Contains("space", StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", outcome.Output + outcome.Error, StringComparison.Ordinal);
            Assert.Contains("TEST 3/3", outcome.Output, StringComparison.Ordinal);
        }
        finally
        {
            using var unmount = Process.Start("umount", [disk]);
            unmount.WaitForExit();
        }
    }

    [Fact]
    public void AModelWithoutVocabularyRunsOnIds()
    {
        using var folder = new TemporaryFolder();
        var outcome = TestProgram.Run(Smoke(_tiny, folder["artifacts"])).ShouldSucceed();
        Assert.Contains("works on ids only", outcome.Output, StringComparison.Ordinal);
        Assert.All(ReportFile.Read(Path.Combine(folder["artifacts"], Report)).Results, row =>
        {
            Assert.Equal([0, 1, 2, 3, 4], row.PromptIds!);
            Assert.Null(row.GeneratedText);
            Assert.Equal(20, row.GeneratedIds!.Count);
        });
    }

    [Fact]
    public void AFilterChoosesCasesAndPhases()
    {
        using var folder = new TemporaryFolder();
        string[] arguments = ["--filter", "*FirstToken*", .. Smoke(_tiny, folder["artifacts"])[2..], "--quantizations", "8-bit"];
        TestProgram.Run(arguments).ShouldSucceed();
        var row = Assert.Single(ReportFile.Read(Path.Combine(folder["artifacts"], Report)).Results);
        Assert.NotNull(row.FirstTokenLatencyMs);
        Assert.Null(row.LoadTimeSec);
        Assert.Null(row.ThroughputTokensPerSec);
    }

    [Fact]
    public void AnExpandedStarIsTakenAsAStar()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["one.txt"], "");
        File.WriteAllText(folder["two.txt"], "");
        using var artifacts = new TemporaryFolder();
        var outcome = TestProgram.Run(
            ["--filter", "one.txt", "two.txt", .. Smoke(_tiny, artifacts.FullName)[2..], "--quantizations", "4-bit"], folder: folder.FullName);
        Assert.Contains("taken as --filter '*'", outcome.ShouldSucceed().Output, StringComparison.Ordinal);
    }

    private static string[] Smoke(string model, string artifacts) =>
        ["--filter", "*", "--model-path", model, "--inProcess", "--smoke", "--tokens", "20", "--backend", "cpu", "--artifacts", artifacts];

    private static string[] Endless(string artifacts) =>
        ["--filter", "*", "--model-path", Repository.Nano, "--inProcess", "--iterationCount", "40", "--sweeps", "none", "--backend", "cpu", "--artifacts", artifacts];

    private static string WaitForRows(TestProgram program, string artifacts, int count)
    {
        var path = Path.Combine(artifacts, Report);
        var clock = Stopwatch.StartNew();
        while (!File.Exists(path) || ReportFile.Read(path).Results.Count < count)
        {
            Assert.False(program.Process.HasExited, $"The run ended too early: {program.OutputSoFar}");
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(5), "No row was written within five minutes.");
            Thread.Sleep(10);
        }

        return path;
    }
}
