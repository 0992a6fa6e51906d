using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>Shared memory of the persistent kernels; what they compute is tested on a GPU.</summary>
public sealed class PersistentShapeTests
{
    // persistent_arguments.cuh: 7 more than a product's rows, half of 7 more than the head's, and at least the 32 that a warp reads.
    [Theory]
    [InlineData(192, 3001, 96, 32)]
    [InlineData(512, 5001, 132, 32)]
    [InlineData(768, 50257, 132, 196)]
    [InlineData(1600, 3001, 132, 60)]
    public void Sums_of_a_step_have_room_for_all_rows_that_are_read(int width, int vocabulary, int blocks, int pitch) =>
        Assert.Equal(pitch, PersistentShape.DecodeSumPitch(Of(width, vocabulary), blocks));

    // prompt_product.cuh: 72 sums of each of a product's rows, or half of the head's rows in eight sums each; in eighths.
    [Theory]
    [InlineData(192, 3001, 96, 72)]
    [InlineData(768, 50257, 132, 216)]
    [InlineData(1024, 50257, 132, 288)]
    [InlineData(256, 50257, 132, 192)]
    [InlineData(1600, 50257, 132, 452)]
    public void Sums_of_a_prompt_have_room_for_all_tokens_of_a_products_rows(int width, int vocabulary, int blocks, int pitch) =>
        Assert.Equal(pitch, PersistentShape.PromptSumPitch(Of(width, vocabulary), blocks));

    private static ModelConfiguration Of(int width, int vocabulary) =>
        TestModels.Odd with { EmbeddingSize = width, InnerSize = 4 * width, VocabularySize = vocabulary };
}
