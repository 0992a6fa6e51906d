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
