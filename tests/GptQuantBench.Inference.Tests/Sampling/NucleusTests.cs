using CsCheck;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Sampling;

public sealed class NucleusTests
{
    [Fact]
    public void Members_are_those_of_the_full_sort_and_tokens_come_in_the_order_of_draws() =>
        Gen.Select(LogitGenerators.Row, LogitGenerators.Options).Sample((row, options) =>
        {
            float scale = TokenWeights.Scale(options.Temperature);
            var nucleus = new Nucleus(row.Length);
            nucleus.Find(row, row.Max(), scale, options.TopP);

            // Tokens without weight cannot be drawn, so they are not seen from outside.
            ulong[] weights = [.. row.Select(logit => (ulong)TokenWeights.Weight(logit, row.Max(), scale))];
            int[] members = ReferenceSampler.Nucleus(row, options);
            int[] order = [.. ReferenceSampler.DrawOrder(row, options, members[^1]).Where(id => weights[id] > 0)];
            Assert.Equal(Sum(members), nucleus.Sum(row));
            Assert.Equal(Sum(order), nucleus.Reach);
            ulong draw = 0;
            foreach (int id in order)
            {
                Assert.Equal(id, nucleus.Choose(row, draw));
                draw += weights[id];
                Assert.Equal(id, nucleus.Choose(row, draw - 1));
                Assert.True(nucleus.IsOfLastBucket(draw - 1) || members.Contains(id));
                Assert.Equal(members.Contains(id), draw - 1 < nucleus.Sum(row));
            }

            ulong Sum(int[] ids) => ids.Aggregate(0UL, (sum, id) => sum + weights[id]);
        }, iter: 2000);

    /// <summary>Weights are 2^30 · 2^logit: a nucleus that reaches its share exactly is not one token longer, and ties go by id.</summary>
    [Theory]
    [InlineData(new[] { 0f, -1, -1 }, 0.5f, new[] { 0 })]
    [InlineData(new[] { -1f, -1, 0 }, 0.75f, new[] { 2, 0 })]
    [InlineData(new[] { -1f, -1, 0 }, 0.751f, new[] { 2, 0, 1 })]
    [InlineData(new[] { 0f, 0, 0, 0 }, 0.5f, new[] { 0, 1 })]
    [InlineData(new[] { -0f, 0 }, 0.5f, new[] { 0 })]
    [InlineData(new[] { -3f, -2, -1, 0, -3 }, 0.75f, new[] { 3, 2 })]
    [InlineData(new[] { -3f, -2, -1, 0, -3 }, 0.9375f, new[] { 3, 2, 1, 0 })]
    [InlineData(new[] { -1f, 0, 0, -1 }, 0.9f, new[] { 1, 2, 0, 3 })]
    [InlineData(new[] { -2f, -1, 0, -1 }, 0.9f, new[] { 2, 1, 3, 0 })]
    public void Small_nuclei_are_those_that_one_counts_by_hand(float[] row, float topP, int[] members)
    {
        // Many tokens without weight, as in a vocabulary.
        float[] logits = [.. row, .. Enumerable.Repeat(-100f, 200)];
        Nucleus nucleus = new(logits.Length);
        nucleus.Find(logits, 0f, 1f, topP);
        ulong draw = 0;
        foreach (int id in members)
        {
            Assert.Equal(id, nucleus.Choose(logits, draw));
            draw += 1UL << (30 + (int)logits[id]);
            Assert.Equal(id, nucleus.Choose(logits, draw - 1));
        }

        Assert.Equal(draw, nucleus.Sum(logits));
        Assert.Contains(
            $"expected a draw below {nucleus.Reach}",
            Assert.Throws<ArgumentOutOfRangeException>(() => nucleus.Choose(logits, nucleus.Reach)).Message,
            StringComparison.Ordinal);
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
