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
