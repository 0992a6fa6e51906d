using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class RunFindingsTests
{
    [Fact]
    public void SentencesFollowFromTheFigures() => Assert.Equal(
        [
            // 0.246 ms + 199 × 0.6123 ms and 0.181 ms + 199 × 0.4086 ms.
            "gpt2: a chat answer of 200 tokens takes 122 ms in FP16, 81.5 ms in 4-bit, the fastest.",
            "gpt2: 1000 texts of 500 tokens, one after the other, take 5.10 min in FP16, 3.40 min in 4-bit, the fastest.",
            "gpt2: copies that fit into the memory: 298 in FP16, 788 in 4-bit, the most.",
            "gpt2: for speed 4-bit (1.50x FP16), for memory 4-bit (71.1% saved).",
            "gpt2: perplexity against FP16: 8-bit +3.2%, 4-bit +8.2%; no smaller format stays within 1%.",
            "gpt2: 4-bit reads so few bytes that it could be 3.53x as fast as FP16; it reached 1.50x, with 6.7% of a token's time spent on reading.",
        ],
        RunFindings.Of(SampleReports.Full()).Where(sentence => sentence.StartsWith("gpt2:", StringComparison.Ordinal)));

    [Fact]
    public void SlowerFormatsAreNotRecommendedForSpeed()
    {
        RunReport full = SampleReports.Full();
        RunReport slow = full with
        {
            Results = [.. full.Results.Select(result => result.Quantization == "FP16" ? result : result with { ThroughputTokensPerSec = 100, MemoryGb = 9 })],
        };

        Assert.Contains("gpt2: for speed FP16 (the fastest other, 8-bit, reaches 0.06x), for memory FP16 (no format is smaller).", RunFindings.Of(slow));
    }

    [Fact]
    public void SmallestFormatWithASmallLossIsNamed()
    {
        RunReport full = SampleReports.Full();
        RunReport report = full with
        {
            Results = [.. full.Results.Select(result => result.Quantization == "8-bit" && result.Success ? result with { Quality = full.Results[0].Quality } : result)],
        };

        Assert.Contains("gpt2: perplexity against FP16: 8-bit 0.0%, 4-bit +8.2%; 8-bit is the smallest format within 1%.", RunFindings.Of(report));
    }

    [Fact]
    public void QualityOfSyntheticWeightsIsNotKnown()
    {
        RunReport full = SampleReports.Full();
        RunReport synthetic = full with { Results = [.. full.Results.Select(result => result with { Quality = null, Weights = WeightKind.Synthetic })] };

        Assert.Single(RunFindings.Of(synthetic), sentence => sentence.Contains("synthetic weights", StringComparison.Ordinal));
        Assert.DoesNotContain(RunFindings.Of(synthetic), sentence => sentence.Contains("perplexity", StringComparison.Ordinal));
    }

    [Fact]
    public void NothingIsSaidOfWhatWasNotMeasured()
    {
        Assert.Empty(RunFindings.Of(new RunReport()));
        Assert.Empty(RunFindings.Of(SampleReports.Minimal()));
    }
}
