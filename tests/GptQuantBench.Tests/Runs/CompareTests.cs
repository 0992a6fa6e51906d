using System.Text.Json;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Tests.Runs;

/// <summary>The verbs that work on saved reports, as a user types them.</summary>
public sealed class CompareTests
{
    private static readonly string _reference = Path.Combine(Repository.Root, "artifacts", "reference", "h100-80gb", "llm_benchmark_results.json");

    [Theory]
    [InlineData(1.0, 0, "No regression: 0 worse")]
    [InlineData(1.2, 1, "Regression: 1 worse")]
    [InlineData(0.8, 0, "No regression, improved: 0 worse, 1 better")]
    public void ExitCodeAndOutcome(double factor, int exitCode, string outcome)
    {
        using var folder = new TemporaryFolder();
        var outcomeOf = TestProgram.Run(["compare", Report(folder["base.json"], 1), Report(folder["new.json"], factor)]);
        Assert.True(outcomeOf.ExitCode == exitCode, outcomeOf.ToString());
        Assert.Contains(outcome, outcomeOf.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void JsonIsTheNoiseFloorOfAnotherComparison()
    {
        using var folder = new TemporaryFolder();
        var (before, after) = (Report(folder["base.json"], 1), Report(folder["new.json"], 1.2));
        var json = TestProgram.Run(["compare", before, after, "--format", "json"]);
        Assert.True(JsonDocument.Parse(json.Output).RootElement.GetProperty("is_regression").GetBoolean());
        File.WriteAllText(folder["same.json"], json.Output);
        TestProgram.Run(["compare", before, after, "--noise-floor", folder["same.json"]]).ShouldSucceed();
        TestProgram.Run(["compare", before, after, "--threshold", "25%"]).ShouldSucceed();
    }

    [Fact]
    public void ABaselineIsFoundByNameAndTheLastRunIsTheOther()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["baselines"]);
        Report(Path.Combine(folder["baselines"], "main.json"), 1);
        TestProgram.Run(["compare", "main", "--artifacts", folder.FullName]).ShouldFail(2, "llm_benchmark_results.json", "--filter");
        Report(folder["llm_benchmark_results.json"], 1);
        Assert.Contains("No regression", TestProgram.Run(["compare", "main", "--artifacts", folder.FullName]).ShouldSucceed().Output, StringComparison.Ordinal);
    }

    public static TheoryData<string[], string[]> WrongUse => new()
    {
        { ["compare"], ["two reports"] },
        { ["compare", "no-such.json", "other.json"], ["no-such.json", "baseline"] },
        { ["compare", "../main"], ["../main"] },
        { ["compare", _reference, _reference, "--threshold", "many"], ["--threshold", "many", "3%"] },
        { ["compare", _reference, _reference, "--format", "xml"], ["--format", "xml", "markdown"] },
        { ["compare", _reference, _reference, "--noise-floor", _reference], ["llm_benchmark_results.json", "compare --format json"] },
        { ["compare", _reference, _reference, "--treshold", "3%"], ["--treshold", "--threshold"] },
        { ["merge", _reference], ["two reports"] },
        { ["merge", _reference, _reference], ["gpt2 FP16"] },
        { ["export", _reference, "--format", "xml"], ["--format", "xml", "csv"] },
        { ["export"], ["one report"] },
        { ["export", _reference, _reference], ["one report"] },
        { ["--filter", "*", "--shard", "5/4", "--model-path", Repository.Nano], ["--shard", "5/4", "1/4"] },
        { ["--filter", "*", "--shard", "4/4", "--model-path", Repository.Nano], ["--shard", "4/4", "3 cases"] },
        { ["--filter", "*", "--baseline", "../../x", "--model-path", Repository.Nano], ["--baseline", "../../x"] },
        { ["--filter", "*", "--baseline", "..", "--model-path", Repository.Nano], ["--baseline", "'..'"] },
    };

    [Theory]
    [MemberData(nameof(WrongUse))]
    public void WrongUseIsOneSentence(string[] arguments, string[] parts) => TestProgram.Run(arguments).ShouldFail(2, parts);

    [Fact]
    public void AnotherSchemaMajorAndNoCommonCaseAreRefused()
    {
        using var folder = new TemporaryFolder();
        var report = Report(folder["base.json"], 1);
        File.WriteAllText(folder["major.json"], File.ReadAllText(report).Replace("\"schema_version\": \"1.0\"", "\"schema_version\": \"2.0\"", StringComparison.Ordinal));
        TestProgram.Run(["compare", report, folder["major.json"]]).ShouldFail(2, "major.json", "2.0");
        ReportFile.Write(folder["other.json"], new RunReport { Results = [new CaseResult { ModelName = "other", Quantization = "FP16", Success = true }] });
        TestProgram.Run(["compare", report, folder["other.json"]]).ShouldFail(2, "base.json", "other.json", "in common");
    }

    [Fact]
    public void ExportsNameTheirFiles()
    {
        using var folder = new TemporaryFolder();
        var output = TestProgram.Run(["export", _reference, "--format", "github-action-benchmark", "--out", folder["exports"]]).ShouldSucceed().Output;
        Assert.All(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), file => Assert.True(File.Exists(file), file));
        Assert.Equal(2, Directory.GetFiles(folder["exports"]).Length);
    }

    /// <summary>Two shards of a run in process: together they are the run; the history and the baseline have each.</summary>
    [Fact]
    public void ShardsMergeToTheWholeRun()
    {
        using var folder = new TemporaryFolder();
        var tiny = Path.Combine(Repository.Fixtures, "variants", "deep-f16");
        foreach (var shard in new[] { "1/2", "2/2" })
        {
            var artifacts = folder[$"shard{shard[0]}"];
            TestProgram.Run(["--filter", "*", "--model-path", tiny, "--smoke", "--tokens", "20", "--inProcess", "--backend", "cpu", "--shard", shard,
                "--baseline", "main", "--artifacts", artifacts]).ShouldSucceed();
            var kept = ReportFile.Read(Assert.Single(Directory.GetFiles(Path.Combine(artifacts, "runs"))));
            Assert.Equal(shard, kept.Metadata.Shard);
            Assert.True(kept.Metadata.Smoke);
            Assert.Equal(kept.Results.Count, ReportFile.Read(Path.Combine(artifacts, "baselines", "main.json")).Results.Count);
        }

        string[] reports = [.. new[] { "shard2", "shard1" }.Select(name => Path.Combine(folder[name], "llm_benchmark_results.json"))];
        TestProgram.Run(["merge", .. reports, "--out", folder["merged.json"]]).ShouldSucceed();
        Assert.Equal(["FP16", "8-bit", "4-bit"], ReportFile.Read(folder["merged.json"]).Results.Select(row => row.Quantization));
    }

    /// <summary>A report of five processes with a thousandth of noise, its times multiplied by a factor.</summary>
    private static string Report(string path, double factor)
    {
        ReportFile.Write(path, new RunReport
        {
            Results =
            [
                new CaseResult
                {
                    ModelName = "gpt2", Quantization = "FP16", Success = true, Backend = "cpu", LoadTimeSec = factor,
                    Samples = new CaseSamples
                    {
                        LoadTimeSec = [.. new[] { 1.001, 0.999, 1.0005, 0.9995, 1.0 }.Select(IReadOnlyList<double> (time) => [time * factor])],
                    },
                },
            ],
        });
        return path;
    }
}
