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

    /// <summary>With differences of 1, 2, 3 ... the interval's lower end counts those left out. P(U ≤ u) of 5 and 5 values: Mann and Whitney, table I.</summary>
    [Theory]
    [InlineData(5, 5, 1, 1.0 / 252)]
    [InlineData(5, 5, 2, 2.0 / 252)]
    [InlineData(5, 5, 3, 4.0 / 252)]
    [InlineData(5, 5, 4, 7.0 / 252)]
    [InlineData(20, 20, 128, null)]
    public void AsManyDifferencesAreLeftOutAsTheExactDistributionAllows(int firstCount, int secondCount, int excluded, double? probability)
    {
        double tail = probability ?? MannWhitneyLoefflerExactCdf.Instance.Cdf(firstCount, secondCount, excluded);
        double[] first = [.. Enumerable.Range(0, firstCount).Select(i => -(double)i)];
        double[] second = [.. Enumerable.Range(0, secondCount).Select(i => 1.0 + i * firstCount)];

        Assert.Equal(excluded, RankInterval.Of(first, second, 1 - 2 * tail * (1 + 1e-9)).Low);
        double below = RankInterval.Of(first, second, 1 - 2 * tail * (1 - 1e-9)).Low;
        Assert.Equal(excluded == 1 ? double.NegativeInfinity : excluded - 1, below);
    }

    /// <summary>One value of four is the smallest with probability 1/4, which a double holds exactly.</summary>
    [Fact]
    public void AProbabilityEqualToTheLevelIsLeftOut() => Assert.Equal(new RankInterval(2, 1, 3), RankInterval.Of([0], [1, 2, 3], 0.5));

    [Theory]
    [InlineData(0, 1, false)]
    [InlineData(-1, 0, false)]
    [InlineData(0.1, 1, true)]
    [InlineData(-1, -0.1, true)]
    public void AnEndAtZeroIncludesIt(double low, double high, bool excludes) => Assert.Equal(excludes, new RankInterval(0, low, high).ExcludesZero);
}
