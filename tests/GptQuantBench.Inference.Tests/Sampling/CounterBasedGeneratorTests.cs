using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Sampling;

public sealed class CounterBasedGeneratorTests
{
    /// <summary>The outputs of SplitMix64 for the seed 1234567 that are published with the generator's reference code.</summary>
    [Fact]
    public void Draws_are_the_outputs_of_SplitMix64() =>
        Assert.Equal(
            [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821],
            Enumerable.Range(0, 5).Select(index => CounterBasedGenerator.Draw(1234567, index)));

    [Fact]
    public void Every_seed_and_index_is_taken()
    {
        Assert.NotEqual(CounterBasedGenerator.Draw(ulong.MaxValue, int.MaxValue), CounterBasedGenerator.Draw(ulong.MaxValue, 0));
        Assert.NotEqual(CounterBasedGenerator.Draw(0, 0), CounterBasedGenerator.Draw(1, 0));
    }
}
