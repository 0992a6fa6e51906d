using System.Text.Json;
using System.Text.Json.Nodes;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;
using NJsonSchema;

namespace GptQuantBench.Tests.Runs;

/// <summary>What a run of the main job shows and leaves.</summary>
public sealed class MainJobTests(MainJobRun run) : IClassFixture<MainJobRun>
{
    private static readonly string[] _referenceKeys =
    [
        "model_name", "quantization", "load_time_sec", "memory_gb", "first_token_latency_ms", "throughput_tokens_per_sec",
        "total_inference_time_sec", "num_tokens_generated", "success",
    ];

    [Fact]
    public void EveryCaseSucceedsInOrder()
    {
        run.Outcome.ShouldSucceed();
        Assert.Equal(["FP16", "8-bit", "4-bit"], run.Report.Results.Select(row => row.Quantization));
        Assert.All(run.Report.Results, row =>
        {
            Assert.True(row.Success, row.Error);
            Assert.Equal("gpt2-nano", row.ModelName);
            Assert.Equal(WeightKind.Real, row.Weights);
            Assert.Equal("cpu", row.Backend);
            Assert.Equal(50, row.NumTokensGenerated);
            Assert.Equal(50, row.GeneratedIds!.Count);
            Assert.Equal([464, 2003, 286, 9552, 318], row.PromptIds!);
            Assert.Equal("6200276cbd9003aa335cb66e294cead68cb8ba5f0f2d176c20e366668696ec32", row.WeightsSha256);
            Assert.Equal(12_515_520, row.NumParameters);
            Assert.True(row.GeneratedText!.Length > 50);
        });
    }

    [Fact]
    public void PageAndChartsLieBesideTheReport()
    {
        Assert.Contains("gpt2-nano", File.ReadAllText(Path.Combine(run.Artifacts, "llm_benchmark_results.html")), StringComparison.Ordinal);
        foreach (var name in new[] { "throughput", "memory", "first-token", "load-time", "roofline" })
        {
            Assert.True(File.Exists(Path.Combine(run.Artifacts, "charts", name + ".png")), name);
            Assert.True(File.Exists(Path.Combine(run.Artifacts, "charts", name + "-dark.svg")), name);
        }

        Assert.DoesNotContain("warning", run.Outcome.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task ReportFollowsItsSchema()
    {
        var schema = await JsonSchema.FromFileAsync(Path.Combine(Repository.Root, "docs", "report.schema.json"), TestContext.Current.CancellationToken);
        Assert.Empty(schema.Validate(run.Json));
        var spoiled = JsonNode.Parse(run.Json)!;
        spoiled["results"]![0]!["memory_gb"] = "much";
        Assert.NotEmpty(schema.Validate(spoiled.ToJsonString()));
    }

    [Fact]
    public void ReportHasTheReferenceScriptsKeysWithNumbers()
    {
        using var document = JsonDocument.Parse(run.Json);
        var metadata = document.RootElement.GetProperty("metadata");
        Assert.All(["gpu", "cuda_version", "pytorch_version", "total_vram_gb"], key => Assert.True(metadata.TryGetProperty(key, out _), key));
        Assert.All(document.RootElement.GetProperty("results").EnumerateArray(), row =>
        {
            Assert.All(_referenceKeys, key => Assert.True(row.TryGetProperty(key, out _), key));
            Assert.All(_referenceKeys[2..^1], key => Assert.True(row.GetProperty(key).GetDouble() > 0, key));
        });
    }

    [Theory]
    [InlineData("LoadModel")]
    [InlineData("FirstToken")]
    [InlineData("Generate50")]
    public void MediansAreBenchmarkDotNetsOwn(string method)
    {
        var benchmarks = run.BenchmarkDotNetJson.GetProperty("Benchmarks").EnumerateArray().Where(benchmark => benchmark.GetProperty("Method").GetString() == method).ToArray();
        Assert.Equal(3, benchmarks.Length);
        Assert.All(run.Report.Results.Zip(benchmarks), pair =>
        {
            var nanoseconds = pair.Second.GetProperty("Statistics").GetProperty("Median").GetDouble();
            var ours = method switch
            {
                "LoadModel" => pair.First.LoadTimeSec * 1e9,
                "FirstToken" => pair.First.FirstTokenLatencyMs * 1e6,
                _ => pair.First.TotalInferenceTimeSec * 1e9,
            };
            Assert.Contains(pair.First.Quantization, pair.Second.GetProperty("Parameters").GetString(), StringComparison.Ordinal);
            Assert.InRange(ours!.Value, nanoseconds * 0.99, nanoseconds * 1.01);
        });
    }

    [Fact]
    public void EveryBenchmarkRunsOnce() =>
        Assert.Equal(9, run.BenchmarkDotNetJson.GetProperty("Benchmarks").GetArrayLength());

    [Fact]
    public void FiguresAgreeWithTheirSamples() => Assert.All(run.Report.Results, row =>
    {
        Assert.Equal(3, SampleStatistics.Flatten(row.Samples!.LoadTimeSec).Length);
        Assert.Equal(SampleStatistics.Median(SampleStatistics.Flatten(row.Samples.TotalInferenceTimeSec)), row.TotalInferenceTimeSec);
        Assert.Equal(50 / row.TotalInferenceTimeSec!.Value, row.ThroughputTokensPerSec!.Value, 9);
        Assert.True(row.InterTokenLatencyMs!.P50 <= row.InterTokenLatencyMs.P90 && row.InterTokenLatencyMs.P90 <= row.InterTokenLatencyMs.P99);
        Assert.True(row.FirstTokenLatencyMs < row.TotalInferenceTimeSec * 1e3);
        Assert.Equal(row.Roofline!.FloorUs!.Value / (row.InterTokenLatencyMs.Mean!.Value * 1e3), row.Roofline.Fraction!.Value, 9);
    });

    [Fact]
    public void MemoryIsCountedAndGivenBack()
    {
        var rows = run.Report.Results;
        Assert.All(rows, row =>
        {
            Assert.Equal(0, row.LeakedBytes!.Allocator);
            Assert.True(row.KvCacheBytes > 0 && row.WorkspaceBytes > 0 && row.ResidentBytes!.AfterLoad > 0);
            Assert.True(row.PeakBytes >= row.MemoryGb * 1e9);
        });
        Assert.True(rows[1].MemoryGb < 0.52 * rows[0].MemoryGb);
        Assert.True(rows[2].MemoryGb < 0.33 * rows[0].MemoryGb, "groups of 32 in rows of 192, positions in FP16: a little above gpt2's 30 %");
        Assert.True(rows[0].BitsPerWeight == 16 && rows[1].BitsPerWeight is > 8 and < 8.5 && rows[2].BitsPerWeight is >= 4.5 and < 5);
    }

    [Fact]
    public void DiagnosersGiveBenchmarkDotNetTheirColumns()
    {
        var table = File.ReadAllText(Assert.Single(Directory.GetFiles(Path.Combine(run.Artifacts, "results"), "*-report-github.md")));
        Assert.All(["Load", "FTL", "FTL cold", "Tok/s", "Weights", "KV cache", "Workspace", "Peak", "Resident"], column => Assert.Contains($"| {column} ", table.Replace("  ", " ", StringComparison.Ordinal), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("TEST 1/3: gpt2-nano FP16")]
    [InlineData("TEST 3/3: gpt2-nano 4-bit")]
    [InlineData("Loaded in")]
    [InlineData("Memory")]
    [InlineData("First token")]
    [InlineData("Throughput")]
    [InlineData("Total time")]
    [InlineData("Preview")]
    [InlineData("nothing leaked")]
    [InlineData("left)")]
    [InlineData("Memory Saved")]
    [InlineData("Speedup")]
    [InlineData("FTL Change")]
    [InlineData("<10 ms very good")]
    public void ConsoleShowsWhatTheReferenceScriptShows(string text) => Assert.Contains(text, run.Outcome.Output, StringComparison.Ordinal);

    [Fact]
    public void MarkdownHasTheTables()
    {
        var markdown = File.ReadAllText(Path.Combine(run.Artifacts, "llm_benchmark_results.md"));
        Assert.All(["| Model ", "Memory Saved", "4-bit"], part => Assert.Contains(part, markdown, StringComparison.Ordinal));
    }
}
