using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class DerivedFigureTests
{
    [Theory]
    [InlineData(6.0, 2.0, 3.0)]
    [InlineData(null, 2.0, null)]
    [InlineData(6.0, null, null)]
    [InlineData(6.0, 0.0, null)]
    [InlineData(0.0, 0.0, null)]
    [InlineData(double.NaN, 2.0, null)]
    [InlineData(1e308, 1e-308, null)]
    public void RatioIsAFiniteNumberOrNothing(double? dividend, double? divisor, double? expected) =>
        Assert.Equal(expected, Ratio.Of(dividend, divisor));

    [Theory]
    [InlineData(0.5, 10.0, 50, 10.0)]
    [InlineData(0.5, 10.0, 2, 490.0)]
    [InlineData(0.5, 10.0, 1, null)]
    [InlineData(0.5, 10.0, null, null)]
    [InlineData(null, 10.0, 50, null)]
    [InlineData(0.005, 10.0, 50, null)]
    public void InterTokenLatencyIsWhatFollowsTheFirstToken(double? totalSec, double? firstMs, int? tokens, double? expected) =>
        Assert.Equal(expected, InterToken.MeanMs(totalSec, firstMs, tokens));

    /// <summary>A time of zero or less, or that is no number, was not measured; a process without one is no observation.</summary>
    [Fact]
    public void ProcessesWithoutAnUsableTimeAreNoObservation()
    {
        CaseResult result = new()
        {
            ModelName = "m",
            Quantization = "FP16",
            Success = true,
            NumTokensGenerated = 50,
            Samples = new CaseSamples { LoadTimeSec = [[2], [], [0], [-1], [double.NaN], [double.PositiveInfinity], [3, 5]], TotalInferenceTimeSec = [[0.5, 0, 0.25]] },
        };
        Assert.Equal([2.0, 4], CaseMetrics.All.Single(metric => metric.Key == "load_time_sec").ProcessMedians(result));
        Assert.Equal((100.0, 200.0), (result.Spread!.ThroughputTokensPerSec!.Min, result.Spread.ThroughputTokensPerSec.Max));
    }

    [Fact]
    public void RecordedInterTokenLatencyComesFirst()
    {
        CaseResult result = new()
        {
            ModelName = "m",
            Quantization = "FP16",
            Success = true,
            FirstTokenLatencyMs = 10,
            TotalInferenceTimeSec = 0.5,
            NumTokensGenerated = 50,
        };

        Assert.Equal(10, InterToken.MeanMs(result));
        Assert.Equal(7, InterToken.MeanMs(result with { InterTokenLatencyMs = new InterTokenLatency { Mean = 7 } }));
    }

    [Fact]
    public void RooflineIsBytesOverBandwidth()
    {
        // 200 MB at 2000 GB/s take 100 µs; a token of 0.4 ms reaches a quarter of that speed.
        RooflineRecord roofline = RooflineRecord.Of(200_000_000, 2000, 0.4);
        Assert.Equal(100, roofline.FloorUs!.Value, 9);
        Assert.Equal(0.25, roofline.Fraction!.Value, 9);
    }

    [Fact]
    public void RooflineWithoutBandwidthStatesBytesOnly() =>
        Assert.Equal(new RooflineRecord { BytesPerToken = 5 }, RooflineRecord.Of(5, null, 0.4));

    [Theory]
    [InlineData(null, null, null)]
    [InlineData(0L, null, false)]
    [InlineData(0L, 2_097_152L, false)]
    [InlineData(0L, -5_000_000L, false)]
    [InlineData(0L, 2_097_153L, true)]
    [InlineData(1L, 0L, true)]
    [InlineData(-1L, 0L, true)]
    [InlineData(null, 3_000_000L, true)]
    public void LeakIsAnyByteOfTheAllocatorOrTwoMebibytesOfTheDriver(long? allocator, long? driver, bool? expected) =>
        Assert.Equal(expected, new LeakedBytes { Allocator = allocator, Driver = driver }.IsLeak);
}
