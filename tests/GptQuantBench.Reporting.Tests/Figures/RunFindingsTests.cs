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
    public void TheSmallestOfTheFormatsWithinTheLimitIsNamed()
    {
        QualityRecord quality = SampleReports.Full().Results[0].Quality!;
        RunReport report = new()
        {
            Results =
            [
                .. new[] { ("FP16", 1.0, 100.0), ("8-bit", 0.5, 100), ("4-bit", 0.25, 100.9), ("3-bit", 0.2, 101.1), ("other", 1.0, 100) }.Select(row => new CaseResult
                {
                    ModelName = "m", Quantization = row.Item1, Success = true, MemoryGb = row.Item2, Quality = quality with { Perplexity = row.Item3 },
                }),
            ],
        };
        Assert.Equal(
            "m: perplexity against FP16: 8-bit 0.0%, 4-bit +0.9%, 3-bit +1.1%, other 0.0%; 4-bit is the smallest format within 1%.", RunFindings.Of(report)[^1]);
    }

    /// <summary>Equally fast is not faster, equally large is not smaller.</summary>
    [Fact]
    public void WhatIsEqualIsNoReasonToChoose()
    {
        CaseResult fp16 = new() { ModelName = "m", Quantization = "FP16", Success = true, ThroughputTokensPerSec = 100, MemoryGb = 1 };
        Assert.Contains(
            "m: for speed FP16 (the fastest other, 4-bit, reaches 1.00x), for memory FP16 (no format is smaller).",
            RunFindings.Of(new RunReport { Results = [fp16, fp16 with { Quantization = "4-bit" }] }));
    }

    [Fact]
    public void TheBaselineIsFp16OrElseTheFirstFormat()
    {
        CaseResult fp16 = new()
        {
            ModelName = "m",
            Quantization = "FP16",
            Success = true,
            FirstTokenLatencyMs = 1,
            InterTokenLatencyMs = new InterTokenLatency { Mean = 1 },
        };
        CaseResult slow = fp16 with { Quantization = "8-bit", InterTokenLatencyMs = new InterTokenLatency { Mean = 2 } };
        const string Start = "m: a chat answer of 200 tokens takes ";
        Assert.Equal(Start + "200 ms in FP16, the fastest.", Chat(slow, fp16));
        Assert.Equal(Start + "200 ms in FP16.", Chat(fp16));
        Assert.Equal(Start + "399 ms in 8-bit, 200 ms in 4-bit, the fastest.", Chat(slow, fp16 with { Quantization = "4-bit" }));

        static string Chat(params CaseResult[] results) => RunFindings.Of(new RunReport { Results = results }).Single(sentence => sentence.StartsWith(Start, StringComparison.Ordinal));
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
