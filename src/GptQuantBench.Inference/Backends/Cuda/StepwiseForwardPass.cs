using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>One kernel an operation, any number of tokens of one sequence; the matrix products are someone else's.</summary>
internal sealed class StepwiseForwardPass(
    ModelConfiguration configuration, Gpt2Layers layers, KernelSet kernels, SequenceBuffers buffers, IMatrixProduct product) : IForwardPass
{
    private readonly StepwiseBlocks _blocks =
        new(configuration, layers, kernels.Rows, buffers, product, new SequenceAttention(configuration, kernels, buffers));

    /// <inheritdoc />
    public int MaxTokens => buffers.Rows;

    /// <inheritdoc />
    public void QueueBlocks(CudaStream stream, int tokens) => _blocks.Queue(stream, tokens);

    /// <inheritdoc />
    public void QueueLogits(CudaStream stream, int first, int tokens)
    {
        int vocabulary = configuration.VocabularySize;
        _blocks.QueueHead(stream, buffers.Residual + ((long)first * configuration.EmbeddingSize * sizeof(float)), buffers.Logits, tokens);
        kernels.Rows.BestLogit(stream, buffers.Logits + ((long)(tokens - 1) * vocabulary * sizeof(float)), vocabulary, buffers.State);
    }
}
