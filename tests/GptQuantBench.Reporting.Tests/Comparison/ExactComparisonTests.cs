using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Comparison;

public sealed class ExactComparisonTests
{
    private static readonly CaseResult _row = SampleReports.Full().Results[0];

    [Fact]
    public void EveryFigureHasItsKeyNameAndUnit() => Assert.Equal(
        [
            "memory_gb Memory GB same", "kv_cache_bytes KV cache B same", "workspace_bytes Workspace B same", "peak_bytes Peak B same",
            "perplexity Perplexity  same", "generated_ids Token ids  same",
        ],
        Of(_row, _row).Select(metric => $"{metric.Metric} {metric.Name} {metric.Unit} {metric.Wording}"));

    public static TheoryData<string, Func<CaseResult, CaseResult>> MoreBytes => new()
    {
        { "memory_gb", row => row with { MemoryGb = row.MemoryGb * 1.25 } },
        { "kv_cache_bytes", row => row with { KvCacheBytes = row.KvCacheBytes / 4 * 5 } },
        { "workspace_bytes", row => row with { WorkspaceBytes = row.WorkspaceBytes / 4 * 5 } },
        { "peak_bytes", row => row with { PeakBytes = row.PeakBytes / 4 * 5 } },
    };

    [Theory]
    [MemberData(nameof(MoreBytes))]
    public void BytesAreLargerOrSmaller(string metric, Func<CaseResult, CaseResult> change)
    {
        MetricComparison larger = Of(_row, change(_row)).Single(row => row.Verdict != Verdict.Same);
        Assert.Equal((metric, Verdict.Worse, "larger"), (larger.Metric, larger.Verdict, larger.Wording));
        Assert.Equal(0.25, larger.Change!.Value, 9);
        Assert.Equal(larger.Base * 1.25, larger.New);
        MetricComparison smaller = Of(change(_row), _row).Single(row => row.Verdict != Verdict.Same);
        Assert.Equal((metric, Verdict.Better, "smaller"), (smaller.Metric, smaller.Verdict, smaller.Wording));
        Assert.Equal(-0.2, smaller.Change!.Value, 9);
    }

    [Fact]
    public void WhatOneSideDidNotMeasureIsNotComparable()
    {
        foreach (MetricComparison metric in new[] { Of(_row, _row with { PeakBytes = null }), Of(_row with { PeakBytes = null }, _row) }
            .Select(metrics => metrics.Single(metric => metric.Metric == "peak_bytes")))
        {
            Assert.Equal((Verdict.NotComparable, "not measured"), (metric.Verdict, metric.Wording));
            Assert.Null(metric.Change);
        }

        Assert.DoesNotContain(Of(_row with { PeakBytes = null }, _row with { PeakBytes = null }), metric => metric.Metric == "peak_bytes");
    }

    [Fact]
    public void NothingToSomethingIsLargerWithoutAShare()
    {
        MetricComparison metric = Of(_row with { WorkspaceBytes = 0 }, _row).Single(metric => metric.Metric == "workspace_bytes");
        Assert.Equal((Verdict.Worse, null), (metric.Verdict, metric.Change));
        Assert.Equal((Verdict.Same, 0.0), Of(_row with { WorkspaceBytes = 0 }, _row with { WorkspaceBytes = 0 })
            .Where(metric => metric.Metric == "workspace_bytes").Select(metric => (metric.Verdict, metric.Change!.Value)).Single());
    }

    public static TheoryData<Func<QualityRecord, QualityRecord>> OtherProtocols => new()
    {
        quality => quality with { TextSha256 = new string('1', 64) },
        quality => quality with { Window = 512 },
        quality => quality with { Stride = 512 },
    };

    [Theory]
    [MemberData(nameof(OtherProtocols))]
    public void PerplexitiesOfOtherProtocolsAreNotCompared(Func<QualityRecord, QualityRecord> change) =>
        Assert.DoesNotContain(Of(_row, _row with { Quality = change(_row.Quality!) }), metric => metric.Metric == "perplexity");

    public static TheoryData<Func<CaseResult, CaseResult>> OtherSampling => new()
    {
        row => row with { Seed = 43 },
        row => row with { Temperature = 0.7 },
        row => row with { TopP = 0.8 },
        row => row with { GeneratedIds = null },
    };

    [Theory]
    [MemberData(nameof(OtherSampling))]
    public void IdsOfOtherSamplingAreNotCompared(Func<CaseResult, CaseResult> change)
    {
        Assert.DoesNotContain(Of(_row, change(_row)), metric => metric.Metric == "generated_ids");
        Assert.DoesNotContain(Of(change(_row), _row), metric => metric.Metric == "generated_ids");
    }

    [Theory]
    [InlineData(new[] { 1, 2, 3 }, new[] { 9, 2, 3 }, "The generated ids differ from token 1 on.")]
    [InlineData(new[] { 1, 2, 3 }, new[] { 1, 2, 9 }, "The generated ids differ from token 3 on.")]
    [InlineData(new[] { 1, 2, 3 }, new[] { 1, 2 }, "The generated ids differ from token 3 on.")]
    [InlineData(new[] { 1, 2, 3 }, new[] { 1, 2, 3 }, null)]
    public void TheFirstIdThatDiffersIsNamed(int[] before, int[] after, string? note) => Assert.Equal(
        note, Of(_row with { GeneratedIds = before }, _row with { GeneratedIds = after }).Single(metric => metric.Metric == "generated_ids").Note);

    private static MetricComparison[] Of(CaseResult before, CaseResult after) => [.. ExactComparison.Of(new CasePair(before, after))];
}
