using GptQuantBench.Inference.Evaluation;

namespace GptQuantBench.Inference.Tests.Evaluation;

public class LogSumExpTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(4096)]
    [InlineData(4099)]
    [InlineData(50257)]
    public void Equals_its_definition_in_fp64(int count)
    {
        Random random = new(count);
        float[] values = [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 40) - 20)];
        Assert.Equal(Math.Log(values.Sum(value => Math.Exp(value))), LogSumExp.Of(values), 1e-6);
    }

    [Fact]
    public void Does_not_overflow_and_ignores_what_is_impossible()
    {
        Assert.Equal(1000 + Math.Log(2), LogSumExp.Of([1000f, 1000f]), 1e-6);
        Assert.Equal(5.0, LogSumExp.Of([5f, float.NegativeInfinity]), 1e-6);
    }

    [Fact]
    public void Shows_nan_and_infinity()
    {
        Assert.True(double.IsNaN(LogSumExp.Of([1f, float.NaN, 3f])));
        Assert.Equal(double.PositiveInfinity, LogSumExp.Of([1f, float.PositiveInfinity]));
    }
}
