using GptQuantBench.Reporting.History;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.History;

/// <summary>How often the detector is right, over many simulated histories.</summary>
public sealed class ChangePointSimulationTests
{
    [Theory]
    [InlineData(20, 0.01)]
    [InlineData(60, 0.3)]
    public void PureNoiseHasNoChange(int runs, double deviation)
    {
        var noise = new Noise(1);
        int changed = Enumerable.Range(0, 300).Count(_ =>
            ChangePointDetector.Find([.. Noise.Values(runs, noise.Normal).Select(value => 100 * Math.Exp(deviation * value))], true).Count > 0);
        Assert.InRange(changed, 0, 15);
    }

    [Theory]
    [InlineData(12, 0.01, 1.1)]
    [InlineData(40, 0.02, 0.9)]
    [InlineData(100, 0.03, 1.1)]
    public void AStepIsFoundWhereItIs(int runs, double deviation, double factor)
    {
        var noise = new Noise(2);
        int found = Enumerable.Range(0, 100).Count(_ => ChangePointDetector.Find(
            [.. Enumerable.Range(0, runs).Select(run => (run < runs / 2 ? 1 : factor) * Math.Exp(deviation * noise.Normal()))], higherIsBetter: false)
            is [var change] && Math.Abs(change.Index - runs / 2) <= 1 && change.IsImprovement == factor < 1 && Math.Abs(change.Change - (factor - 1)) < 0.04);
        Assert.InRange(found, 90, 100);
    }
}
