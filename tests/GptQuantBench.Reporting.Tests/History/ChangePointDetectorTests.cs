using GptQuantBench.Reporting.History;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.History;

public sealed class ChangePointDetectorTests
{
    [Fact]
    public void TwoStepsAreTwoChanges()
    {
        var noise = new Noise(3);
        double[] values = [.. Enumerable.Range(0, 30).Select(run => (run < 10 ? 1 : run < 20 ? 1.2 : 0.9) * Math.Exp(0.005 * noise.Normal()))];
        IReadOnlyList<ChangePoint> changes = ChangePointDetector.Find(values, higherIsBetter: true);
        Assert.Equal([(10, true), (20, false)], changes.Select(change => (change.Index, change.IsImprovement)));
    }

    /// <summary>Four runs a level are enough; levels far from 1 make no difference.</summary>
    [Theory]
    [InlineData(1.0)]
    [InlineData(5000.0)]
    [InlineData(1e-6)]
    public void EightRunsShowAStep(double level)
    {
        double[] values = [.. new[] { 1.0, 1.001, 0.999, 1.0, 1.2, 1.201, 1.199, 1.2 }.Select(value => value * level)];
        ChangePoint change = Assert.Single(ChangePointDetector.Find(values, higherIsBetter: true));
        Assert.Equal((4, true), (change.Index, change.IsImprovement));
        Assert.Equal((level, 1.2 * level), (change.Before, change.After));
        Assert.False(Assert.Single(ChangePointDetector.Find(values, higherIsBetter: false)).IsImprovement);
    }

    /// <summary>However certain it is: what is smaller than the threshold of a comparison is no news.</summary>
    [Theory]
    [InlineData(1.02, 0)]
    [InlineData(1.04, 1)]
    [InlineData(0.98, 0)]
    [InlineData(0.96, 1)]
    public void AChangeBelowThreePercentIsNone(double factor, int changes)
    {
        var noise = new Noise(5);
        double[] values = [.. Enumerable.Range(0, 40).Select(run => 1000 * (run < 20 ? 1 : factor) * Math.Exp(0.001 * noise.Normal()))];
        Assert.Equal(changes, ChangePointDetector.Find(values, higherIsBetter: true).Count);
    }

    /// <summary>Each change is described by the medians of the levels beside it, not of the whole series.</summary>
    [Fact]
    public void AChangeIsDescribedByTheLevelsBesideIt()
    {
        double[] values = [.. new[] { 100.0, 200, 50 }.SelectMany(level => Enumerable.Range(0, 9).Select(run => level * (1 + 0.001 * (run - 4))))];
        Assert.Equal(
            [(9, 100.0, 200.0), (18, 200.0, 50.0)],
            ChangePointDetector.Find(values, higherIsBetter: true).Select(change => (change.Index, Math.Round(change.Before, 6), Math.Round(change.After, 6))));
    }

    [Fact]
    public void ASingleBadRunIsNoChange()
    {
        double[] values = [.. Enumerable.Repeat(100.0, 15), 300, .. Enumerable.Repeat(100.5, 15)];
        Assert.Empty(ChangePointDetector.Find(values, higherIsBetter: false));
    }

    [Fact]
    public void ShortSeriesAndFiguresThatAreNoneHaveNoChange()
    {
        Assert.Empty(ChangePointDetector.Find([1, 1, 1, 2, 2, 2], true));
        Assert.Empty(ChangePointDetector.Find([1, 1, 1, 1, 0, 2, 2, 2, 2], true));
        Assert.Empty(ChangePointDetector.Find([], true));
    }
}
