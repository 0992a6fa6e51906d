using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Tests.Sweeps;

/// <summary><c>--sweeps</c>, what goes with it, and runs that do not end well; on the variant with 48 positions.</summary>
public sealed class SweepOptionTests
{
    private static readonly string _tiny = Path.Combine(Repository.Fixtures, "variants", "deep-f16");

    [Fact]
    public void FullTakesEveryFormatAndEveryPointThatTheModelHasPositionsFor()
    {
        using var folder = new TemporaryFolder();
        var outcome = TestProgram.Run([.. Sweeps(folder.FullName), "--sweeps", "full"]).ShouldSucceed();
        Assert.Contains("estimated at", outcome.Output, StringComparison.Ordinal);
        string[] expected =
        [
            .. Formats().SelectMany(format => (string[])[$"prompt_length {format} 5", $"prompt_length {format} 32"]),
            .. Formats().Select(format => $"depth {format} 0"),
            .. Formats().SelectMany(format => (int[])[1, 2, 4, 8, 16, 32, 64], (format, size) => $"batch_size {format} {size}"),
            .. Formats().Select(format => $"token_times {format} 5"),
        ];
        Assert.Equal(expected, Rows(folder.FullName).Select(row =>
            $"{row.Sweep} {row.Quantization} {(row.Sweep == SweepResult.BatchSizes ? row.BatchSize : row.DepthTokens ?? row.PromptTokens)}"));
        Assert.All(Rows(folder.FullName), row => Assert.True(row.Success, row.Error));

        static string[] Formats() => ["FP16", "8-bit", "4-bit"];
    }

    [Fact]
    public void AResumedRunKeepsTheSweepsThatDidTheSameWork()
    {
        using var folder = new TemporaryFolder();
        TestProgram.Run(Sweeps(folder.FullName)).ShouldSucceed();
        var finished = ReportFile.Read(Report(folder.FullName)).Sweeps;

        var again = TestProgram.Run([.. Sweeps(folder.FullName), "--resume"]).ShouldSucceed();
        Assert.DoesNotContain("SWEEP", again.Output, StringComparison.Ordinal);
        Assert.Equal(Times(finished), Times(Rows(folder.FullName)));

        // Other sequences: what depends on their length is measured again, prompts are not.
        string[] shorter = [.. Sweeps(folder.FullName).Select(argument => argument == "8" ? "6" : argument), "--resume"];
        TestProgram.Run(shorter).ShouldSucceed();
        Assert.Equal(finished.Count, Rows(folder.FullName).Count);
        Assert.All(Rows(folder.FullName), row => Assert.NotEqual(8, row.NumTokensGenerated));
        Assert.Equal(Times(finished.Where(IsPrompt)), Times(Rows(folder.FullName).Where(IsPrompt)));

        static bool IsPrompt(SweepResult row) => row.Sweep == SweepResult.PromptLength;
        static double?[] Times(IEnumerable<SweepResult> rows) => [.. rows.Select(row => row.FirstTokenLatencyMs ?? row.ThroughputTokensPerSec)];
    }

    [Fact]
    public void AModelThatCannotBeLoadedIsAFailedRowForEachPointWithItsReason()
    {
        using var folder = new TemporaryFolder();
        var model = folder.CopyOfNano();
        Spoil.LastWeight(Path.Combine(model, "model.safetensors"), 0x7E00);
        var outcome = TestProgram.Run(
            ["--filter", "*DepthSweep*", "--model-path", model, "--inProcess", "--backend", "cpu", "--iterationCount", "1", "--artifacts", folder["artifacts"]]);
        Assert.True(outcome.ExitCode == 1, outcome.ToString());
        var rows = Rows(folder["artifacts"]);
        Assert.Equal(6, rows.Count);
        Assert.All(rows, row =>
        {
            Assert.False(row.Success);
            Assert.Contains("NaN", row.Error, StringComparison.OrdinalIgnoreCase);
            Assert.Null(row.ThroughputTokensPerSec);
            Assert.NotNull(row.DepthTokens);
        });
        Assert.Contains("FAILED", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Output + outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--sweeps", "all", "expected short or full or none")]
    [InlineData("--sweeps", "short --smoke", "--smoke and --sweeps exclude each other")]
    [InlineData("--iterationCount", "0", "expected a whole number from 1")]
    public void AWrongOptionIsOneSentence(string option, string value, string sentence)
    {
        using var folder = new TemporaryFolder();
        string[] arguments = [.. Sweeps(folder.FullName), option, .. value.Split(' ')];
        TestProgram.Run(arguments).ShouldFail(2, sentence);
    }

    [Theory]
    [InlineData("--smoke")]
    [InlineData("--sweeps none")]
    [InlineData("--sweeps none --smoke")]
    public void ARunWithoutSweepsHasNone(string options)
    {
        using var folder = new TemporaryFolder();
        string[] arguments = ["--filter", "*", .. Sweeps(folder.FullName)[2..], "--quantizations", "FP16", .. options.Split(' ')];
        TestProgram.Run(arguments).ShouldSucceed();
        Assert.Empty(Rows(folder.FullName));
        Assert.Single(ReportFile.Read(Report(folder.FullName)).Results);
    }

    [Fact]
    public void ListNamesThem()
    {
        var outcome = TestProgram.Run(["--list", "flat", "--model-path", _tiny]).ShouldSucceed();
        Assert.All(
            ["MainJob.LoadModel", "PromptLengthSweep.Prefill", "DepthSweep.Decode", "BatchSizeSweep.Decode", "TokenTimesSweep.Generate"],
            name => Assert.Contains(name, outcome.Output, StringComparison.Ordinal));
    }

    private static string[] Sweeps(string artifacts) =>
        ["--filter", "*Sweep*", "--model-path", _tiny, "--inProcess", "--backend", "cpu", "--tokens", "8", "--artifacts", artifacts];

    private static string Report(string artifacts) => Path.Combine(artifacts, "llm_benchmark_results.json");

    private static IReadOnlyList<SweepResult> Rows(string artifacts) => ReportFile.Read(Report(artifacts)).Sweeps;
}
