using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class SweepFiguresTests
{
    private static readonly SweepResult _row = SampleReports.Full().Sweeps[0] with
    {
        PromptTokens = 128,
        DepthTokens = 950,
        BatchSize = 16,
        Decode = "graph",
        FirstTokenLatencyMs = null,
        PrefillTokensPerSec = null,
        ThroughputTokensPerSec = null,
        InterTokenLatencyMs = null,
    };

    [Theory]
    [InlineData(SweepResult.PromptLength, "128 tokens")]
    [InlineData(SweepResult.Depth, "at 950")]
    [InlineData(SweepResult.TokenTimes, "single tokens")]
    [InlineData(SweepResult.BatchSizes, "batch 16")]
    [InlineData(SweepResult.DecodePaths, "graph")]
    public void APointSaysWhatIsChangedInIt(string sweep, string expected) => Assert.Equal(expected, SweepFigures.Point(_row with { Sweep = sweep }));

    [Fact]
    public void APathWithoutANameIsItsSweep() =>
        Assert.Equal(SweepResult.DecodePaths, SweepFigures.Point(_row with { Sweep = SweepResult.DecodePaths, Decode = null }));

    [Fact]
    public void WhatWasMeasuredHasItsUnitAndTheRestIsLeftOut()
    {
        Assert.Empty(SweepFigures.Measured(_row));
        Assert.Equal(
            ["first token 1.65 ms", "prefill 310493 tokens/s", "throughput 5059 tokens/s"],
            SweepFigures.Measured(_row with { FirstTokenLatencyMs = 1.65, PrefillTokensPerSec = 310493, ThroughputTokensPerSec = 5059 }));
        Assert.Empty(SweepFigures.Measured(_row with { FirstTokenLatencyMs = double.NaN }));
    }
}
