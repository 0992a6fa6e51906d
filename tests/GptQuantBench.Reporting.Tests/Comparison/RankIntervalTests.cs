using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Tests.Support;
using Perfolizer.Mathematics.SignificanceTesting.Base;
using Perfolizer.Mathematics.SignificanceTesting.MannWhitney;
using Perfolizer.Metrology;
using Pragmastat;

namespace GptQuantBench.Reporting.Tests.Comparison;

public sealed class RankIntervalTests
{
    /// <summary>Hollander and Wolfe, table 4.1 (permeability of the human chorioamnion), examples 4.3 and 4.4.</summary>
    [Fact]
    public void PublishedExample()
    {
        double[] atTerm = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
        double[] early = [1.15, 0.88, 0.90, 0.74, 1.21];

        RankInterval interval = RankInterval.Of(atTerm, early, 0.95);

        Assert.Equal(-0.305, interval.Shift, 3);
        Assert.Equal(-0.76, interval.Low, 3);
        Assert.Equal(0.15, interval.High, 3);
        Assert.False(interval.ExcludesZero);
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(5, 5)]
    [InlineData(5, 9)]
    [InlineData(20, 20)]
    public void IntervalExcludesZeroExactlyWhereTheMannWhitneyTestRejects(int firstCount, int secondCount)
    {
        var noise = new Noise(7);
        int excluding = 0;
        for (int repeat = 0; repeat < 200; repeat++)
        {
            double[] first = Noise.Values(firstCount, noise.Normal);
            double[] second = [.. Noise.Values(secondCount, noise.Normal).Select(value => value + repeat / 100.0)];
            RankInterval interval = RankInterval.Of(first, second, 0.95);
            double smaller = new[] { AlternativeHypothesis.Less, AlternativeHypothesis.Greater }.Min(side => MannWhitneyTest.Instance
                .PerformStrategy(new Sample(first), new Sample(second), side, Threshold.Zero, MannWhitneyStrategy.LoefflerExact)
                .PValue.Value);
            Assert.Equal(smaller <= 0.025, interval.ExcludesZero);
            Assert.Equal(Toolkit.Shift(new Sample(second), new Sample(first)).NominalValue, interval.Shift, 9);
            excluding += interval.ExcludesZero ? 1 : 0;
        }

        Assert.InRange(excluding, 20, 180);
    }

    [Fact]
    public void SamplesTooSmallForTheLevelLeaveEverythingOpen()
    {
        RankInterval interval = RankInterval.Of([1, 2], [10, 11], 0.95);
        Assert.Equal(double.NegativeInfinity, interval.Low);
        Assert.False(interval.ExcludesZero);
    }
}
