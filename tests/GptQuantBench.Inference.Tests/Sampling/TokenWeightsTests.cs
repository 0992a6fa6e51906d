using CsCheck;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Sampling;

public sealed class TokenWeightsTests
{
    /// <summary>The scalar form is fixed by IEEE 754; if vectors of this machine's width agree with it, all widths agree.</summary>
    [Fact]
    public void Vectors_give_the_bits_of_the_scalar_form() =>
        Gen.Select(LogitGenerators.Row, LogitGenerators.Options).Sample((row, options) =>
        {
            float max = row.Max();
            float scale = TokenWeights.Scale(options.Temperature);
            var weights = new int[row.Length];
            ulong sum = TokenWeights.Compute(row, max, scale, weights);
            Assert.Equal(row.Select(logit => TokenWeights.Weight(logit, max, scale)), weights);
            Assert.Equal((ulong)weights.Sum(weight => (long)weight), sum);
        }, iter: 2000);

    [Fact]
    public void Weights_are_those_of_the_exponential_function() =>
        Gen.Select(Gen.Float[-40f, 0f], Gen.Float[0.1f, 10f]).Sample((difference, temperature) =>
        {
            int weight = TokenWeights.Weight(difference, 0f, TokenWeights.Scale(temperature));
            double exact = Math.ScaleB(Math.Exp(difference / (double)temperature), 30);
            // FP32's rounding of the exponent, at most 40 in magnitude, plus the rounding down to an integer.
            return weight <= exact * (1 + 5e-6) && weight >= (exact * (1 - 5e-6)) - 1;
        }, iter: 100_000);

    [Fact]
    public void The_largest_weight_is_exactly_one_in_fixed_point() =>
        Gen.Select(Gen.Float[-1e6f, 1e6f], LogitGenerators.Options).Sample((max, options) =>
            TokenWeights.Weight(max, max, TokenWeights.Scale(options.Temperature)) == 1 << 30);

    [Theory]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.MinValue)]
    [InlineData(-22f)]
    public void A_token_far_below_has_no_weight(float logit) => Assert.Equal(0, TokenWeights.Weight(logit, 0f, TokenWeights.Scale(1f)));

    [Fact]
    public void The_sum_of_a_million_equal_tokens_does_not_overflow()
    {
        var logits = new float[1_000_003];
        Assert.Equal((ulong)logits.Length << 30, TokenWeights.Compute(logits, 0f, 1f, new int[logits.Length]));
    }

    /// <summary>Powers of two come out exactly on every machine: the polynomial is 1 at 0.</summary>
    [Fact]
    public void Whole_exponents_are_exact()
    {
        Assert.Equal(
            Enumerable.Range(0, 31).Select(n => 1 << (30 - n)),
            Enumerable.Range(0, 31).Select(n => TokenWeights.Weight(-n, 0f, 1f)));
    }
}
