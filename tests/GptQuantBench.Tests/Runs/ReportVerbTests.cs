namespace GptQuantBench.Tests.Runs;

/// <summary><c>report</c>: pages and charts of a saved report.</summary>
public sealed class ReportVerbTests
{
    private static readonly string _measured = Path.Combine(Repository.Root, "artifacts", "reference", "cpu-epyc-2-cores", "llm_benchmark_results.json");

    [Fact]
    public void PagesLieBesideTheReport()
    {
        using var folder = new TemporaryFolder();
        File.Copy(_measured, folder["llm_benchmark_results.json"]);

        var outcome = TestProgram.Run(["report", folder["llm_benchmark_results.json"]]).ShouldSucceed();

        Assert.Empty(outcome.Error);
        Assert.Contains(folder["llm_benchmark_results.html"], outcome.Output, StringComparison.Ordinal);
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(folder["llm_benchmark_results.html"]), StringComparison.Ordinal);
        Assert.StartsWith("# ", File.ReadAllText(folder["llm_benchmark_results.md"]), StringComparison.Ordinal);
        // Six of the cases and three of the sweeps.
        Assert.Equal(9 * 4, Directory.GetFiles(folder["charts"]).Length);
    }

    [Fact]
    public void ReportOfTheReferenceScriptIsEnough()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(
            folder["script.json"],
            """
            {
              "metadata": { "gpu": "NVIDIA A100-SXM4-40GB", "cuda_version": "12.4", "pytorch_version": "2.4.1", "total_vram_gb": 42.4 },
              "results": [
                { "model_name": "gpt2", "quantization": "FP16", "load_time_sec": 1.9, "memory_gb": 0.26, "first_token_latency_ms": 16.1,
                  "throughput_tokens_per_sec": 127.0, "total_inference_time_sec": 0.39, "num_tokens_generated": 50, "success": true },
                { "model_name": "gpt2", "quantization": "4-bit", "load_time_sec": null, "memory_gb": null, "first_token_latency_ms": null,
                  "throughput_tokens_per_sec": null, "total_inference_time_sec": null, "num_tokens_generated": null, "success": false }
              ]
            }
            """);

        TestProgram.Run(["report", folder["script.json"], "--out", folder["out"]]).ShouldSucceed();

        Assert.Contains("NVIDIA A100-SXM4-40GB", File.ReadAllText(Path.Combine(folder["out"], "script.html")), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder["out"], "script_charts", "throughput.png")));
        Assert.False(File.Exists(Path.Combine(folder["out"], "script_charts", "roofline.png")));
    }

    [Fact]
    public void HistoryAddsTrends()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["runs"]);
        for (var run = 1; run <= 2; run++)
        {
            var report = File.ReadAllText(_measured).Replace("\"started_at\": \"2026", $"\"started_at\": \"200{run}", StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(folder["runs"], $"{run}.json"), report);
        }

        File.WriteAllText(Path.Combine(folder["runs"], "3.json"), "no report");
        var outcome = TestProgram.Run(["report", "--history", folder["runs"], "--out", folder["out"]]).ShouldSucceed();

        Assert.StartsWith("warning: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("3.json", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("id=\"trends\"", File.ReadAllText(Path.Combine(folder["out"], "llm_benchmark_results.html")), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder["out"], "charts", "trend-throughput-gpt2-4-bit.png")));
    }

    [Fact]
    public void BadInputIsOneSentence()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["bad.json"], "{ \"results\": 7 }");
        Directory.CreateDirectory(folder["empty"]);

        TestProgram.Run(["report"]).ShouldFail(2, "No report was named");
        TestProgram.Run(["report", folder["missing.json"]]).ShouldFail(2, "missing.json", "does not exist");
        TestProgram.Run(["report", folder["bad.json"]]).ShouldFail(2, "bad.json", "a number");
        TestProgram.Run(["report", _measured, _measured]).ShouldFail(2, "takes one");
        TestProgram.Run(["report", _measured, "--histroy", "x"]).ShouldFail(2, "--histroy", "--history");
        TestProgram.Run(["report", "--history", folder["missing"]]).ShouldFail(2, "missing", "artifacts/runs");
        TestProgram.Run(["report", "--history", folder["empty"]]).ShouldFail(2, "empty", "holds no report");
        TestProgram.Run(["report", _measured, "--out", Path.Combine(folder["bad.json"], "x")]).ShouldFail(2, "--out");
    }
}
