using GptQuantBench.Reporting.Comparison;

namespace GptQuantBench.Reporting.Tests.Comparison;

public sealed class DriftTests
{
    /// <summary>
    /// Two cases in two runs. The figures are those of a linear model with a level for each run (R: lm(value ~ index + run)), from its
    /// normal equations in exact fractions.
    /// </summary>
    [Fact]
    public void TheTrendIsThatOfALinearModelWithALevelForEachRun()
    {
        Drift drift = Drift.Of(
        [
            new ProcessSample([1.0, 1.3, 1.1, 1.6], [2.0, 2.1, 2.5, 2.2, 2.6]),
            new ProcessSample([0.5, 0.4, 0.9, 0.8], [3.0, 3.4, 3.1, 3.5]),
        ]);
        Assert.Equal(0.136, drift.Slope, 12);
        Assert.Equal(0.03442867022313428, drift.StandardError, 12);
        Assert.Equal(12, drift.DegreesOfFreedom);
        // p = 0.0019.
        Assert.True(drift.IsCertain);
    }

    [Fact]
    public void RunsWithoutATrendHaveNone()
    {
        Drift drift = Drift.Of([new ProcessSample([1, 2, 2, 1], [5, 4, 4, 5])]);
        Assert.Equal(0, drift.Slope, 12);
        Assert.False(drift.IsCertain);
    }

    /// <summary>Student's t for 8 degrees of freedom: 2.306 at 5 %, two-sided.</summary>
    [Theory]
    [InlineData(2.30, false)]
    [InlineData(2.31, true)]
    [InlineData(-2.30, false)]
    [InlineData(-2.31, true)]
    public void ATrendIsCertainAtFivePercent(double errors, bool isCertain) => Assert.Equal(isCertain, new Drift(errors * 0.4, 0.4, 8).IsCertain);

    [Fact]
    public void WithoutNoiseAnyTrendIsCertain()
    {
        Assert.True(new Drift(1e-9, 0, 8).IsCertain);
        Assert.False(new Drift(0, 0, 8).IsCertain);
    }

    [Fact]
    public void ACommonTrendWeighsByCertainty()
    {
        // Weights of 4 and 1: one over the squared errors.
        Drift common = Drift.Common([new Drift(1, 0.5, 3), new Drift(2, 1, 5)]);
        Assert.Equal(1.2, common.Slope, 12);
        Assert.Equal(Math.Sqrt(0.2), common.StandardError, 12);
        Assert.Equal(8, common.DegreesOfFreedom);
    }

    [Fact]
    public void MetricsWithoutNoiseWeighAlike() => Assert.Equal(2, Drift.Common([new Drift(1, 0, 3), new Drift(3, 0, 3)]).Slope, 12);

    [Fact]
    public void ARateDriftsTheOtherWay() => Assert.Equal(new Drift(-3, 2, 1), new Drift(3, 2, 1).Negated());

    [Fact]
    public void ADifferenceThatTheTrendExplainsIsTakenAway()
    {
        // Eight processes in a row, each one slower than the one before: no difference is left, only the uncertainty of the trend, which
        // is carried over the four processes between the middles of the runs.
        WelchTest corrected = new Drift(1, 0.1, 5).Correct(new ProcessSample([0, 1, 2, 3], [4, 5, 6, 7]));
        Assert.Equal(0, corrected.Difference, 12);
        Assert.Equal(0.4, corrected.StandardError, 12);
    }

    [Fact]
    public void WhatTheTrendDoesNotExplainStays()
    {
        // Noise of -1, 1, 1, -1 around the trend in both runs: its variance is 4/3, the squared error of a mean a third.
        WelchTest corrected = new Drift(2, 0.25, 5).Correct(new ProcessSample([-1, 3, 5, 5], [12, 16, 18, 18]));
        Assert.Equal(13 - 8, corrected.Difference, 12);
        Assert.Equal(Math.Sqrt(2 / 3.0 + 1), corrected.StandardError, 12);
        Assert.Equal(6, corrected.DegreesOfFreedom, 12);
    }

    [Fact]
    public void RunsOfUnequalLengthAreTakenAtTheirMiddles()
    {
        // Two slower with each process, four and five of them: 4.5 lie between the middles, so 9 of the difference of 11 is trend.
        WelchTest corrected = new Drift(2, 0, 5).Correct(new ProcessSample([1, 3, 5, 7], [11, 13, 15, 17, 19]));
        Assert.Equal(2, corrected.Difference, 12);
        Assert.Equal(0, corrected.StandardError, 12);
    }
}
