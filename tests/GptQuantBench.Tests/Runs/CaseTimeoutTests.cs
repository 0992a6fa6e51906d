using System.Diagnostics;
using System.Globalization;
using GptQuantBench.Reporting.Json;

namespace GptQuantBench.Tests.Runs;

/// <summary>Cases that hang or die: a failed row with its reason, and the next case runs.</summary>
public sealed class CaseTimeoutTests
{
    [Fact]
    public void AProcessThatDiesOrHangsIsAFailedRowAndTheNextCaseRuns()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent with Linux's kill and found with its /proc.");
        using var folder = new TemporaryFolder();
        using var temporary = new TemporaryFolder();
        using var program = TestProgram.Start(
            [
                "--filter", "*FirstToken*", "--model-path", Repository.Nano, "--smoke", "--backend", "cpu", "--case-timeout", "25",
                "--artifacts", folder.FullName,
            ],
            environment: new Dictionary<string, string?> { ["TMPDIR"] = temporary.FullName });
        // The first case's process dies, the second's stops for ever, the third's is left alone.
        Signal("KILL", WaitForBenchmarkProcess(program, temporary.FullName));
        WaitForRows(program, folder.FullName, 1);
        Signal("STOP", WaitForBenchmarkProcess(program, temporary.FullName));
        var outcome = program.WaitForExit(TimeSpan.FromMinutes(6));
        Assert.True(outcome.ExitCode == 1, outcome.ToString());
        var rows = ReportFile.Read(Path.Combine(folder.FullName, "llm_benchmark_results.json")).Results;
        Assert.Equal([false, false, true], rows.Select(row => row.Success));
        Assert.Contains("exit code", rows[0].Error, StringComparison.Ordinal);
        Assert.Contains("--case-timeout", rows[1].Error, StringComparison.Ordinal);
        Assert.Contains("25 s", rows[1].Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ACaseThatHangsInThisProcessEndsTheRunWithItsReport()
    {
        using var folder = new TemporaryFolder();
        var outcome = TestProgram.Run(
            [
                "--filter", "*", "--model-path", Repository.Nano, "--inProcess", "--iterationCount", "100000", "--backend", "cpu",
                "--case-timeout", "3", "--artifacts", folder.FullName,
            ]);
        outcome.ShouldFail(1, "--case-timeout", "3 s", "llm_benchmark_results.json");
        var report = ReportFile.Read(Path.Combine(folder.FullName, "llm_benchmark_results.json"));
        Assert.NotNull(report.Metadata.FinishedAt);
        Assert.Equal(3, report.Results.Count);
        Assert.All(report.Results, row => Assert.False(row.Success));
        Assert.Contains("3 s", report.Results[0].Error, StringComparison.Ordinal);
        Assert.All(report.Results.Skip(1), row => Assert.Contains("Not run", row.Error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("soon")]
    public void AWrongLimitIsOneLine(string limit) =>
        TestProgram.Run(["--filter", "*", "--model-path", Repository.Nano, "--case-timeout", limit]).ShouldFail(2, "--case-timeout", limit);

    private static void Signal(string name, int process)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static int WaitForBenchmarkProcess(TestProgram program, string temporary)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (Directory.EnumerateFiles(temporary, "*.process", SearchOption.AllDirectories).FirstOrDefault() is { } file)
            {
                return int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture);
            }

            WaitALittle(program, clock);
        }
    }

    private static void WaitForRows(TestProgram program, string artifacts, int count)
    {
        var clock = Stopwatch.StartNew();
        while (ReportFile.Read(Path.Combine(artifacts, "llm_benchmark_results.json")).Results.Count < count)
        {
            WaitALittle(program, clock);
        }
    }

    private static void WaitALittle(TestProgram program, Stopwatch clock)
    {
        Assert.False(program.Process.HasExited, $"The run ended too early: {program.OutputSoFar}");
        Assert.True(clock.Elapsed < TimeSpan.FromMinutes(5), "Nothing happened for five minutes.");
        Thread.Sleep(5);
    }
}
