using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tests.Figures;

/// <summary>Nearest rank, as Wikipedia's article "Percentile" defines and computes it.</summary>
public sealed class InterTokenPercentileTests
{
    [Theory]
    [InlineData(new double[] { 7 }, 7, 7, 7)]
    [InlineData(new double[] { 2, 1 }, 1, 2, 2)]
    [InlineData(new double[] { 50, 15, 40, 20, 35 }, 35, 50, 50)]
    [InlineData(new double[] { 3, 6, 7, 8, 8, 10, 13, 15, 16, 20 }, 8, 16, 20)]
    public void ThePercentileIsTheSmallestTimeThatItsShareDoesNotExceed(double[] times, double p50, double p90, double p99)
    {
        InterTokenLatency latency = InterToken.Percentiles(times);
        Assert.Equal((p50, p90, p99), (latency.P50, latency.P90, latency.P99));
        Assert.Equal(times.Length, latency.Count);
        Assert.Null(latency.Mean);
    }

    [Fact]
    public void OneSlowTokenOfAHundredIsNotTheP99()
    {
        InterTokenLatency latency = InterToken.Percentiles([.. Enumerable.Repeat(1.0, 99), 100.0]);
        Assert.Equal(1, latency.P99);
    }

    [Fact]
    public void WithoutTimesThereIsNone() => Assert.Throws<ArgumentOutOfRangeException>(() => InterToken.Percentiles([]));
}
