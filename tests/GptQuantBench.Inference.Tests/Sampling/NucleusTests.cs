using CsCheck;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Sampling;

public sealed class NucleusTests
{
    [Fact]
    public void Members_are_those_of_the_full_sort() =>
        Gen.Select(LogitGenerators.Row, LogitGenerators.Options).Sample((row, options) =>
        {
            float scale = TokenWeights.Scale(options.Temperature);
            var weights = new int[row.Length];
            ulong total = TokenWeights.Compute(row, row.Max(), scale, weights);
            var nucleus = new Nucleus(row.Length);
            nucleus.Find(row, weights, total, row.Max(), scale, options.TopP);

            // Members without weight cannot be drawn, so they are not seen from outside.
            int[] expected = [.. ReferenceSampler.Nucleus(row, options).Where(id => weights[id] > 0).Order()];
            Assert.Equal((ulong)expected.Sum(id => (long)weights[id]), nucleus.Sum);
            ulong draw = 0;
            foreach (int id in expected)
            {
                Assert.Equal(id, nucleus.Choose(row, weights, draw));
                draw += (uint)weights[id];
                Assert.Equal(id, nucleus.Choose(row, weights, draw - 1));
            }

            Assert.Throws<ArgumentOutOfRangeException>(() => nucleus.Choose(row, weights, nucleus.Sum));
        }, iter: 2000);

    /// <summary>Weights are 2^30 · 2^logit: a nucleus that reaches its share exactly is not one token longer, and ties go by id.</summary>
    [Theory]
    [InlineData(new[] { 0f, -1, -1 }, 0.5f, new[] { 0 })]
    [InlineData(new[] { -1f, -1, 0 }, 0.75f, new[] { 0, 2 })]
    [InlineData(new[] { -1f, -1, 0 }, 0.751f, new[] { 0, 1, 2 })]
    [InlineData(new[] { 0f, 0, 0, 0 }, 0.5f, new[] { 0, 1 })]
    [InlineData(new[] { -0f, 0 }, 0.5f, new[] { 0 })]
    [InlineData(new[] { -3f, -2, -1, 0, -3 }, 0.75f, new[] { 2, 3 })]
    [InlineData(new[] { -3f, -2, -1, 0, -3 }, 0.9375f, new[] { 0, 1, 2, 3 })]
    public void Small_nuclei_are_those_that_one_counts_by_hand(float[] row, float topP, int[] members)
    {
        // Many tokens without weight, so that the search narrows its range as in a vocabulary.
        float[] logits = [.. row, .. Enumerable.Repeat(-100f, 200)];
        int[] weights = [.. logits.Select(logit => logit < -30 ? 0 : 1 << (30 + (int)logit))];
        Nucleus nucleus = new(logits.Length);
        nucleus.Find(logits, weights, (ulong)weights.Sum(weight => (long)weight), 0f, 1f, topP);
        Assert.Equal(members.Sum(id => (long)weights[id]), (long)nucleus.Sum);
        ulong draw = 0;
        foreach (int id in members)
        {
            Assert.Equal(id, nucleus.Choose(logits, weights, draw));
            draw += (ulong)weights[id];
            Assert.Equal(id, nucleus.Choose(logits, weights, draw - 1));
        }

        Assert.Contains($"expected a draw below {draw}", Assert.Throws<ArgumentOutOfRangeException>(() => nucleus.Choose(logits, weights, draw)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_target_is_the_exact_ceiling() =>
        Gen.Select(Gen.ULong[1UL << 30, 1UL << 62], Gen.Float[0.004f, 1f]).Sample((total, topP) =>
        {
            // Above 2^-8 an FP32 value is m · 2^-32 with a whole m.
            UInt128 whole = (UInt128)(topP * Math.Pow(2, 32));
            UInt128 expected = ((whole * total) + uint.MaxValue) / (UInt128.One << 32);
            return Nucleus.Target(total, topP) == (ulong)expected;
        }, iter: 20_000);

    [Fact]
    public void The_target_is_all_at_one_and_never_nothing()
    {
        Assert.Equal(123456789012345UL, Nucleus.Target(123456789012345UL, 1f));
        Assert.Equal(1UL, Nucleus.Target(1UL << 30, float.Epsilon));
    }
}
