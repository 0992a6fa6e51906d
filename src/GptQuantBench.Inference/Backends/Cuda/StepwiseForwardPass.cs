using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>One kernel an operation, any number of tokens; the matrix products are someone else's.</summary>
internal sealed class StepwiseForwardPass(
    ModelConfiguration configuration, Gpt2Layers layers, KernelSet kernels, SequenceBuffers buffers, IMatrixProduct product) : IForwardPass
{
    private readonly RowKernels _rows = kernels.Rows;
    private readonly int _width = configuration.EmbeddingSize;

    /// <inheritdoc />
    public int MaxTokens => buffers.Rows;

    /// <inheritdoc />
    public void QueueBlocks(CudaStream stream, int tokens)
    {
        for (int layer = 0; layer < layers.Blocks.Length; layer++)
        {
            Gpt2Layers.Block block = layers.Blocks[layer];
            QueueNorm(stream, block.AttentionNorm, 0, tokens);
            product.Queue(stream, block.QueryKeyValue.Matrix, buffers.Normed, buffers.NormedPitch, buffers.Product, tokens);
            _rows.SplitHeads(stream, tokens, new(
                buffers.Product,
                block.QueryKeyValue.Bias,
                buffers.Queries,
                buffers.Keys(layer),
                buffers.Values(layer),
                buffers.State,
                configuration.HeadCount,
                configuration.HeadSize,
                buffers.HeadPitch,
                buffers.Capacity,
                1f / MathF.Sqrt(configuration.HeadSize)));
            AttentionArguments attention = new()
            {
                Queries = buffers.Queries,
                Keys = buffers.Keys(layer),
                Values = buffers.Values(layer),
                Output = buffers.Attended,
                State = buffers.State,
                Heads = configuration.HeadCount,
                HeadSize = configuration.HeadSize,
                HeadPitch = buffers.HeadPitch,
                Capacity = buffers.Capacity,
                OutputPitch = buffers.NormedPitch,
            };
            kernels.Attention.LaunchWhole(stream, ref attention, tokens);
            product.Queue(stream, block.AttentionOutput.Matrix, buffers.Attended, buffers.NormedPitch, buffers.Product, tokens);
            _rows.AddResidual(stream, tokens, buffers.Product, block.AttentionOutput.Bias, buffers.Residual, _width);

            QueueNorm(stream, block.FeedForwardNorm, 0, tokens);
            product.Queue(stream, block.FeedForwardInput.Matrix, buffers.Normed, buffers.NormedPitch, buffers.Product, tokens);
            _rows.Gelu(stream, tokens, buffers.Product, block.FeedForwardInput.Bias, buffers.Hidden, configuration.InnerSize, buffers.HiddenPitch);
            product.Queue(stream, block.FeedForwardOutput.Matrix, buffers.Hidden, buffers.HiddenPitch, buffers.Product, tokens);
            _rows.AddResidual(stream, tokens, buffers.Product, block.FeedForwardOutput.Bias, buffers.Residual, _width);
        }
    }

    /// <inheritdoc />
    public void QueueLogits(CudaStream stream, int first, int tokens)
    {
        QueueNorm(stream, layers.FinalNorm, first, tokens);
        product.Queue(stream, layers.TokenEmbedding, buffers.Normed, buffers.NormedPitch, buffers.Logits, tokens);
        int vocabulary = configuration.VocabularySize;
        _rows.BestLogit(stream, buffers.Logits + ((long)(tokens - 1) * vocabulary * sizeof(float)), vocabulary, buffers.State);
    }

    private void QueueNorm(CudaStream stream, in Gpt2Layers.Norm norm, int first, int tokens) => _rows.Norm(
        stream,
        tokens,
        buffers.Residual + ((long)first * _width * sizeof(float)),
        norm.Gain,
        norm.Shift,
        buffers.Normed,
        _width,
        buffers.NormedPitch,
        configuration.LayerNormEpsilon);
}
