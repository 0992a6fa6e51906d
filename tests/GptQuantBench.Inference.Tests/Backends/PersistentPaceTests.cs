using GptQuantBench.Inference.Backends.Cuda;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>The clocks between requests for weights near those that were the best ones where they were tried (docs/kernels.md).</summary>
public sealed class PersistentPaceTests
{
    private const double Blocks = 132;

    [Theory]
    [InlineData(768, 16, 1000, 1150)]
    [InlineData(1024, 16, 850, 950)]
    [InlineData(1600, 16, 680, 760)]
    [InlineData(768, 8, 1300, 1600)]
    [InlineData(1024, 8, 1450, 1550)]
    [InlineData(1600, 8, 850, 1000)]
    [InlineData(1024, 4, 1500, 2000)]
    [InlineData(1600, 4, 850, 1250)]
    public void Layers_are_asked_for_at_the_pace_that_was_best(int width, int bits, double least, double most)
    {
        Assert.InRange(PersistentPace.DecodeClocks(LayerBytes(width, bits), bits), least, most);
    }

    [Theory]
    [InlineData(768, 16, 250, 500)]
    [InlineData(1024, 16, 180, 300)]
    [InlineData(1600, 16, 50, 110)]
    [InlineData(1024, 8, 0, 0)]
    [InlineData(1024, 4, 0, 0)]
    public void In_fp16_a_filled_cache_slows_the_pace(int width, int bits, double least, double most)
    {
        Assert.InRange(PersistentPace.DecodeDepthClocks(LayerBytes(width, bits), bits), least, most);
    }

    [Theory]
    [InlineData(768, 8, 1200)]
    [InlineData(1600, 16, 955)]
    public void Prompts_ask_more_slowly_where_a_layer_is_small(int width, int bits, double clocks) =>
        Assert.Equal(clocks, PersistentPace.PromptClocks(LayerBytes(width, bits)), 1.0);

    private static double LayerBytes(int width, int bits) => 12.0 * width * width * (bits == 4 ? 4.5 : bits) / 8 / Blocks;
}
