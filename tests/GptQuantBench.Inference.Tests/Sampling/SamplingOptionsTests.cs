using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Sampling;

public sealed class SamplingOptionsTests
{
    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(0.8f, 0.9f)]
    [InlineData(100f, float.Epsilon)]
    [InlineData(float.Epsilon, 1f)]
    public void Options_in_range_have_no_error(float temperature, float topP) => Assert.Null(new SamplingOptions(temperature, topP, 0).FindError());

    [Theory]
    [InlineData(-0.1f, "-0.1")]
    [InlineData(100.5f, "100.5")]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    [InlineData(float.NegativeInfinity, "-Infinity")]
    public void A_temperature_out_of_range_is_named(float temperature, string named)
    {
        string? error = new SamplingOptions(temperature, 0.9f, 0).FindError();
        Assert.StartsWith($"The temperature is {named}, expected 0 (greedy) to 100", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0f, "0")]
    [InlineData(-0.5f, "-0.5")]
    [InlineData(1.5f, "1.5")]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    public void A_top_p_out_of_range_is_named(float topP, string named) =>
        Assert.StartsWith($"The top-p is {named}, expected more than 0 and at most 1", new SamplingOptions(0.8f, topP, 0).FindError(), StringComparison.Ordinal);

    [Fact]
    public void Greedy_uses_no_random_number()
    {
        Assert.True(SamplingOptions.Greedy.IsGreedy);
        Assert.False(new SamplingOptions(0.8f, 0.9f, 0).IsGreedy);
        Assert.Null(SamplingOptions.Greedy.FindError());
    }
}
