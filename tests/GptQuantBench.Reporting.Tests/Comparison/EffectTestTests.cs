using GptQuantBench.Reporting.Comparison;

namespace GptQuantBench.Reporting.Tests.Comparison;

public sealed class EffectTestTests
{
    private static readonly Drift _none = new(0, 0, 8);

    /// <summary>
    /// How many standard errors a difference must have so that a t test finds it with a probability of 95 %, by integration of the
    /// noncentral t distribution: the larger of a two-sided test at 4 % over all verdicts, and of the drift's at 1 %. The approximation is
    /// 2.2 % high for 6 degrees of freedom.
    /// </summary>
    [Theory]
    [InlineData(4, 1, 5.2489)]
    [InlineData(4, 3, 5.6722)]
    [InlineData(5, 1, 4.8452)]
    [InlineData(5, 3, 5.1722)]
    public void TheDetectableEffectIsThatOfTheNoncentralT(int processes, int verdicts, double errors)
    {
        double[] values = [.. Enumerable.Range(0, processes).Select(index => 0.01 * (index - (processes - 1) / 2.0))];
        double error = Math.Sqrt(2 * values.Sum(value => value * value) / (processes - 1) / processes);
        double effect = new EffectTest(new ProcessSample(values, values), _none, _none).DetectableEffect(verdicts, 0);
        Assert.InRange(Math.Log(1 + effect) / (errors * error), 0.97, 1.03);
    }

    [Fact]
    public void ADetectableEffectStandsOutOfTheMinimumEffectToo()
    {
        double[] values = [-0.015, -0.005, 0.005, 0.015];
        double error = Math.Sqrt(2 * 5e-4 / 3 / 4);
        double effect = new EffectTest(new ProcessSample(values, values), _none, _none).DetectableEffect(3, 0.2);
        // Student's t for 6 degrees of freedom: 1.943 at 5 %, one-sided.
        Assert.Equal(Math.Log(1.2) + 1.94318 * error, Math.Log(1 + effect), 5);
    }

    [Fact]
    public void ADriftOfTheMachineRaisesTheDetectableEffect()
    {
        double[] values = [-0.015, -0.005, 0.005, 0.015];
        var sample = new ProcessSample(values, values);
        double still = new EffectTest(sample, _none, _none).DetectableEffect(1, 0);
        Assert.True(new EffectTest(sample, _none, new Drift(0, 0.1, 8)).DetectableEffect(1, 0) > 2 * still);
        Assert.True(new EffectTest(sample, new Drift(0.5, 0.1, 8), _none).DetectableEffect(3, 0) > 2 * still);
    }

    /// <summary>The smallest minimum effect, p value and rank test, each at its edge.</summary>
    [Theory]
    [InlineData(0.04, 0.051, true)]
    [InlineData(0.0401, 0.051, false)]
    [InlineData(0.001, 0.0512, true)]
    [InlineData(0.001, 0.0514, false)]
    public void ADifferenceIsCertainAndLargeEnough(double adjustedPValue, double minimumEffect, bool isDifference)
    {
        // Every value of the second run is 0.05 above one of the first: e to the 0.05 is 1.0513.
        var up = new EffectTest(new ProcessSample([0, 0.001, 0.002, 0.003], [0.05, 0.051, 0.052, 0.053]), _none, _none);
        var down = new EffectTest(new ProcessSample([0.05, 0.051, 0.052, 0.053], [0, 0.001, 0.002, 0.003]), _none, _none);
        Assert.Equal(isDifference, up.IsDifference(adjustedPValue, minimumEffect));
        Assert.Equal(isDifference, down.IsDifference(adjustedPValue, minimumEffect));
    }

    [Fact]
    public void TheRankTestMustAgree()
    {
        // One process of the base run lies among the new ones: of 4 and 4, the rank test then no longer rejects at 5 %.
        var test = new EffectTest(new ProcessSample([0, 0, 0, 0.051], [0.05, 0.05, 0.052, 0.052]), _none, _none);
        Assert.False(test.Interval.ExcludesZero);
        Assert.False(test.IsDifference(0, 0));
    }

    [Fact]
    public void ADifferenceThatTheMachinesDriftMayMakeIsNone()
    {
        var sample = new ProcessSample([0, 0.001, 0.002, 0.003], [0.05, 0.051, 0.052, 0.053]);
        // 0.012 a process over the four between the runs: 0.048 of the 0.05.
        Assert.False(new EffectTest(sample, _none, new Drift(0.012, 0.003, 8)).IsDifference(0, 0.03));
        // A drift beyond the difference would turn its sign.
        Assert.False(new EffectTest(sample, _none, new Drift(0.03, 0, 8)).IsDifference(0, 0.03));
        Assert.True(new EffectTest(sample, _none, new Drift(0.001, 0.0001, 8)).IsDifference(0, 0.03));
    }

    [Fact]
    public void ACertainDriftOfTheMetricIsTakenAwayFirst()
    {
        var sample = new ProcessSample([0, 0.001, 0.002, 0.003], [0.05, 0.051, 0.052, 0.053]);
        var without = new EffectTest(sample, _none, _none);
        Assert.False(without.Drifts);
        // 0.006 a process: 0.024 of the 0.05 is drift, 0.026 is left, less than 3 %.
        var certain = new EffectTest(sample, new Drift(0.006, 0.0001, 8), _none);
        Assert.True(certain.Drifts);
        Assert.True(certain.PValue > without.PValue);
        Assert.False(certain.IsDifference(0, 0.03));
        Assert.True(certain.IsDifference(0, 0.02));
        Assert.False(new EffectTest(sample, new Drift(0.03, 0.0001, 8), _none).IsDifference(0, 0.02));
        // The same slope with so much noise that it may be none.
        Assert.False(new EffectTest(sample, new Drift(0.006, 0.01, 8), _none).Drifts);
    }

    [Fact]
    public void AShiftOfALogarithmIsAShare() => Assert.Equal(0.05, EffectTest.Share(Math.Log(1.05)), 12);
}
