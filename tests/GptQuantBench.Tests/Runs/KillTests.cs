using System.Diagnostics;
using System.Globalization;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Tests.Runs;

/// <summary>
/// Runs that are killed at random moments: what is on disk is a whole report of whole cases, and <c>--resume</c> finishes it. Ten
/// moments; GPTQUANTBENCH_KILLS asks for more.
/// </summary>
public sealed class KillTests
{
    private const int Kills = 10;

    [Fact]
    public void AKilledRunLeavesAWholeReportThatResumeFinishes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        var kills = int.Parse(Environment.GetEnvironmentVariable("GPTQUANTBENCH_KILLS") ?? $"{Kills}", CultureInfo.InvariantCulture);
        var random = new Random(20260923);
        using var whole = new TemporaryFolder();
        var clock = Stopwatch.StartNew();
        TestProgram.Run(Arguments(whole.FullName)).ShouldSucceed();
        var length = clock.Elapsed;

        var rowsKept = new int[4];
        for (var i = 0; i < kills; i++)
        {
            using var folder = new TemporaryFolder();
            var path = folder["llm_benchmark_results.json"];
            var moment = length * random.NextDouble();
            Interrupt(Arguments(folder.FullName), moment, i % 2 == 0 ? "KILL" : "TERM");
            IReadOnlyList<CaseResult> kept = File.Exists(path) ? ReportFile.Read(path).Results : [];
            Assert.All(kept, row => Assert.True(row.Success, row.Error));
            rowsKept[kept.Count]++;

            TestProgram.Run([.. Arguments(folder.FullName), "--resume"]).ShouldSucceed();
            var report = ReportFile.Read(path);
            Assert.Equal(["4-bit", "8-bit", "FP16"], report.Results.Select(row => row.Quantization).Order(StringComparer.Ordinal));
            Assert.All(report.Results, row => Assert.True(row.Success, row.Error));
            Assert.All(kept, row => Assert.Equal(row.LoadTimeSec, report.Results.Single(other => other.Quantization == row.Quantization).LoadTimeSec));
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{kills} kills within {length.TotalSeconds:0.00} s; runs that kept 0, 1, 2, 3 cases: {string.Join(", ", rowsKept)}");
    }

    private static void Interrupt(string[] arguments, TimeSpan moment, string signal)
    {
        using var program = TestProgram.Start(arguments);
        Thread.Sleep(moment);
        using (var kill = Process.Start(
            new ProcessStartInfo("kill", [$"-{signal}", program.Process.Id.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardError = true })!)
        {
            kill.WaitForExit();
        }

        program.WaitForExit(TimeSpan.FromMinutes(1));
    }

    private static string[] Arguments(string artifacts) =>
    [
        "--filter", "*", "--model-path", Path.Combine(Repository.Fixtures, "variants", "deep-f16"), "--inProcess", "--smoke", "--tokens", "20",
        "--backend", "cpu", "--artifacts", artifacts,
    ];
}
