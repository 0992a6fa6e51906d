using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>Shared memory of the persistent kernel; what it computes is tested on a GPU.</summary>
public sealed class PersistentKernelTests
{
    // persistent_arguments.cuh: 7 more than a product's rows, half of 7 more than the head's, and at least the 32 that a warp reads.
    [Theory]
    [InlineData(192, 3001, 96, 32)]
    [InlineData(512, 5001, 132, 32)]
    [InlineData(768, 50257, 132, 196)]
    [InlineData(1600, 3001, 132, 60)]
    public void Sums_have_room_for_all_rows_that_are_read(int width, int vocabulary, int blocks, int pitch)
    {
        ModelConfiguration configuration = TestModels.Odd with { EmbeddingSize = width, InnerSize = 4 * width, VocabularySize = vocabulary };
        Assert.Equal(pitch, PersistentKernel.SumPitchOf(configuration, blocks));
    }
}
