using GptQuantBench.Reporting.Comparison;

namespace GptQuantBench.Reporting.Tests.Comparison;

public sealed class HolmTests
{
    /// <summary>As R prints it: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm").</summary>
    [Fact]
    public void AdjustsAsRDoes()
    {
        double[] adjusted = Holm.Adjust([0.01, 0.04, 0.03, 0.005]);
        Assert.All(new[] { 0.03, 0.06, 0.06, 0.02 }.Zip(adjusted), pair => Assert.Equal(pair.First, pair.Second, 12));
    }

    [Fact]
    public void NeverExceedsOne() => Assert.Equal([1, 1], Holm.Adjust([0.7, 0.9]));

    [Fact]
    public void NothingStaysNothing() => Assert.Empty(Holm.Adjust([]));
}
