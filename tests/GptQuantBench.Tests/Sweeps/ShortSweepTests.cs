using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;
using NJsonSchema;

namespace GptQuantBench.Tests.Sweeps;

/// <summary>What the short form of the sweeps shows and leaves.</summary>
public sealed class ShortSweepTests(SweepRun run) : IClassFixture<SweepRun>
{
    [Fact]
    public void EveryPointOfBothEndsOfTheFormatsIsARowInOrder()
    {
        run.Outcome.ShouldSucceed();
        Assert.Empty(run.Report.Results);
        Assert.Equal(
            [
                "prompt_length FP16 5", "prompt_length FP16 128", "prompt_length FP16 512",
                "prompt_length 4-bit 5", "prompt_length 4-bit 128", "prompt_length 4-bit 512",
                "depth FP16 0", "depth FP16 512", "depth FP16 950",
                "depth 4-bit 0", "depth 4-bit 512", "depth 4-bit 950",
                "batch_size FP16 1", "batch_size FP16 8", "batch_size FP16 64",
                "batch_size 4-bit 1", "batch_size 4-bit 8", "batch_size 4-bit 64",
                "token_times FP16 5", "token_times 4-bit 5",
            ],
            run.Report.Sweeps.Select(row =>
                $"{row.Sweep} {row.Quantization} {(row.Sweep == SweepResult.BatchSizes ? row.BatchSize : row.DepthTokens ?? row.PromptTokens)}"));
        Assert.All(run.Report.Sweeps, row =>
        {
            Assert.True(row.Success, row.Error);
            Assert.Equal("gpt2-nano", row.ModelName);
            Assert.Equal("cpu", row.Backend);
            Assert.Equal("6200276cbd9003aa335cb66e294cead68cb8ba5f0f2d176c20e366668696ec32", row.WeightsSha256);
            Assert.True(row.MemoryGb > 0 && row.KvCacheBytes > 0);
        });
    }

    [Fact]
    public async Task ReportFollowsItsSchema()
    {
        var schema = await JsonSchema.FromFileAsync(Path.Combine(Repository.Root, "docs", "report.schema.json"), TestContext.Current.CancellationToken);
        Assert.Empty(schema.Validate(run.Json));
    }

    [Theory]
    [InlineData(SweepResult.PromptLength, "PromptLengthSweep")]
    [InlineData(SweepResult.Depth, "DepthSweep")]
    [InlineData(SweepResult.BatchSizes, "BatchSizeSweep")]
    public void SamplesAreBenchmarkDotNetsOwnTimesPointByPoint(string sweep, string sweepClass)
    {
        foreach (var (rows, seconds) in run.Report.Sweeps.Where(row => row.Sweep == sweep).GroupBy(row => row.Quantization).Zip(run.BenchmarkDotNetSeconds(sweepClass)))
        {
            Assert.Equal(rows.Count() * SweepRun.Repeats, seconds.Length);
            foreach (var (row, expected) in rows.Zip(seconds.Chunk(SweepRun.Repeats)))
            {
                var actual = sweep == SweepResult.PromptLength
                    ? SampleStatistics.Flatten(row.Samples!.FirstTokenLatencyMs).Select(milliseconds => milliseconds / 1e3)
                    : SampleStatistics.Flatten(row.Samples!.TotalInferenceTimeSec);
                Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 9));
                Assert.Equal(SweepRun.Repeats, actual.Count());
            }
        }
    }

    [Fact]
    public void FiguresFollowFromTheSamples()
    {
        Assert.All(Rows(SweepResult.PromptLength), row =>
        {
            Assert.Equal(SampleStatistics.Median(SampleStatistics.Flatten(row.Samples!.FirstTokenLatencyMs))!.Value, row.FirstTokenLatencyMs!.Value, 9);
            Assert.Equal(row.PromptTokens!.Value / (row.FirstTokenLatencyMs.Value / 1e3), row.PrefillTokensPerSec!.Value, 6);
            Assert.Equal(1, row.NumTokensGenerated);
        });
        Assert.All(Rows(SweepResult.Depth), row =>
        {
            Assert.Equal(50, row.NumTokensGenerated);
            Assert.Equal(50 / SampleStatistics.Median(SampleStatistics.Flatten(row.Samples!.TotalInferenceTimeSec))!.Value, row.ThroughputTokensPerSec!.Value, 6);
            Assert.Null(row.PromptTokens);
        });
    }

    [Fact]
    public void EachBatchHasItsTokensAndItsMemory()
    {
        Assert.All(Rows(SweepResult.BatchSizes), row =>
        {
            Assert.Equal(16, row.NumTokensGenerated);
            var seconds = SampleStatistics.Median(SampleStatistics.Flatten(row.Samples!.TotalInferenceTimeSec))!.Value;
            Assert.Equal(row.BatchSize!.Value * 16 / seconds, row.ThroughputTokensPerSec!.Value, 6);
            Assert.Equal(16 / seconds, row.ThroughputPerSequenceTokensPerSec!.Value, 6);
            // 6 layers, keys and values, 3 heads of 64, FP16, 64 positions: a cache for each sequence and nothing beside it.
            Assert.Equal(row.BatchSize.Value * 6L * 2 * 3 * 64 * 2 * 64, row.KvCacheBytes);
            Assert.True(row.WorkspaceBytes >= row.BatchSize.Value * 50257L * 4);
        });
        Assert.All(Rows(SweepResult.Depth), row => Assert.Null(row.ThroughputPerSequenceTokensPerSec));
    }

    [Fact]
    public void SingleTokenTimesRestOnTwoThousandTokens() => Assert.All(Rows(SweepResult.TokenTimes), row =>
    {
        var times = row.InterTokenLatencyMs!;
        Assert.True(times.Count >= 2000, $"{times.Count}");
        Assert.True(times.P50 > 0 && times.P50 <= times.P90 && times.P90 <= times.P99);
        // The times of a sequence make up all but its first token, so their median cannot be above the longest sequence's mean.
        Assert.True(times.P50 < SampleStatistics.Flatten(row.Samples!.TotalInferenceTimeSec).Max() * 1e3 / 25);
    });

    [Theory]
    [InlineData("estimated at")]
    [InlineData("SWEEP 1/8: prompt length, gpt2-nano FP16")]
    [InlineData("SWEEP 8/8: single-token times, gpt2-nano 4-bit")]
    [InlineData("512 tokens    first token")]
    [InlineData("at 950        throughput")]
    [InlineData("By prompt length")]
    [InlineData("By depth")]
    [InlineData("batch 64      throughput")]
    [InlineData("By batch size")]
    [InlineData("Single tokens")]
    public void ConsoleShowsThem(string text) => Assert.Contains(text, run.Outcome.Output, StringComparison.Ordinal);

    private IEnumerable<SweepResult> Rows(string sweep) => run.Report.Sweeps.Where(row => row.Sweep == sweep);
}
