using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class SampleStatisticsTests
{
    [Theory]
    [InlineData(new double[] { 3 }, 3)]
    [InlineData(new double[] { 3, 1 }, 2)]
    [InlineData(new double[] { 9, 1, 5 }, 5)]
    [InlineData(new double[] { 4, 1, 100, 2 }, 3)]
    public void MedianIsTheMiddle(double[] samples, double expected) => Assert.Equal(expected, SampleStatistics.Median(samples));

    [Fact]
    public void WithoutSamplesThereIsNoFigure()
    {
        Assert.Null(SampleStatistics.Median([]));
        Assert.Null(SampleStatistics.SpreadOf([]));
        Assert.Empty(SampleStatistics.Flatten(null));
    }

    [Fact]
    public void SpreadIsTheMedianDistanceFromTheMedian() => Assert.Equal(
        new Spread { Count = 5, Min = 1, Median = 3, Max = 100, MedianAbsoluteDeviation = 1 },
        SampleStatistics.SpreadOf([1, 2, 3, 4, 100]));

    [Fact]
    public void OneSampleHasNoDeviation() => Assert.Equal(
        new Spread { Count = 1, Min = 2, Median = 2, Max = 2 },
        SampleStatistics.SpreadOf([2]));

    [Fact]
    public void SamplesKeepTheirOrder()
    {
        double[] samples = [3, 1, 2];
        SampleStatistics.SpreadOf(samples);
        Assert.Equal([3, 1, 2], samples);
    }

    [Fact]
    public void SpreadOfThroughputIsThatOfTokensOverEachTotal()
    {
        var result = new CaseResult
        {
            ModelName = "m",
            Quantization = "FP16",
            Success = true,
            NumTokensGenerated = 50,
            Samples = new CaseSamples { TotalInferenceTimeSec = [[0.5], [1, 2]] },
        };

        Assert.Equal(
            new Spread { Count = 3, Min = 25, Median = 50, Max = 100, MedianAbsoluteDeviation = 25 },
            result.Spread!.ThroughputTokensPerSec);
        Assert.Null(result.Spread.LoadTimeSec);
    }
}
