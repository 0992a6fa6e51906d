using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class CaseComparisonTests
{
    private static readonly CaseResult _fp16 = new()
    {
        ModelName = "gpt2",
        Quantization = "FP16",
        Success = true,
        Backend = "cpu",
        MemoryGb = 0.25,
        FirstTokenLatencyMs = 10,
        ThroughputTokensPerSec = 100,
        Roofline = RooflineRecord.Of(250_000_000, 20, 10),
        Quality = new QualityRecord { Perplexity = 20, TextSha256 = "a" },
    };

    private static readonly CaseResult _fourBit = _fp16 with
    {
        Quantization = "4-bit",
        MemoryGb = 0.075,
        FirstTokenLatencyMs = 8,
        ThroughputTokensPerSec = 150,
        Roofline = RooflineRecord.Of(100_000_000, 20, 7),
        Quality = new QualityRecord { Perplexity = 21, TextSha256 = "a" },
    };

    [Fact]
    public void FiguresAreRelativeToFp16()
    {
        CaseComparison comparison = Only(_fp16, _fourBit);
        Assert.Equal(0.7, comparison.MemorySaved!.Value, 9);
        Assert.Equal(1.5, comparison.Speedup!.Value, 9);
        Assert.Equal(-0.2, comparison.FirstTokenChange!.Value, 9);
        Assert.Equal(2.5, comparison.PredictedSpeedup!.Value, 9);
        Assert.Equal(0.05, comparison.PerplexityChange!.Value, 9);
    }

    [Fact]
    public void PerplexitiesOfDifferentTextsAreNotCompared() =>
        Assert.Null(Only(_fp16, _fourBit with { Quality = new QualityRecord { Perplexity = 21, TextSha256 = "b" } }).PerplexityChange);

    [Fact]
    public void FastestFp16IsTheBaseline()
    {
        CaseResult faster = _fp16 with { Decode = "cublas", ThroughputTokensPerSec = 120 };
        CaseResult unmeasured = _fp16 with { Decode = "eager", ThroughputTokensPerSec = null };
        Assert.Same(faster, Only(unmeasured, _fp16, faster, _fourBit).Baseline);
    }

    [Fact]
    public void OtherModelsDevicesAndLengthsAreNoBaseline() => Assert.Null(Only(
        _fp16 with { ModelName = "gpt2-medium" },
        _fp16 with { Backend = "cuda" },
        _fp16 with { Device = "other" },
        _fp16 with { BatchSize = 2 },
        _fp16 with { PromptTokens = 7 },
        _fourBit).Baseline);

    [Fact]
    public void MissingBaselineIsSaid() =>
        Assert.Contains("gpt2 4-bit: no comparison, the model's FP16 case is not in this run.", Notes(_fourBit));

    [Fact]
    public void FailedBaselineIsSaid() =>
        Assert.Contains("gpt2 4-bit: no comparison, the model's FP16 case failed.", Notes(CaseFailure.Of(_fp16, "Broken."), _fourBit));

    [Fact]
    public void FailedCaseIsSaid() =>
        Assert.Contains("gpt2 4-bit: no comparison, the case failed.", Notes(_fp16, CaseFailure.Of(_fourBit, "Broken.")));

    [Fact]
    public void Fp16AloneNeedsNoComparison() => Assert.Null(ComparisonTable.Of(new RunReport { Results = [_fp16] }));

    private static CaseComparison Only(params CaseResult[] results) =>
        Assert.Single(CaseComparison.Of(new RunReport { Results = results }));

    private static IReadOnlyList<string> Notes(params CaseResult[] results) =>
        ComparisonTable.Of(new RunReport { Results = results })!.Notes;
}
