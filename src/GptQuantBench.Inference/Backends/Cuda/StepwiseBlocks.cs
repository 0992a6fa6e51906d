using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// All blocks of a model, one kernel an operation, any number of rows; the matrix products are someone else's, and do what follows them
/// where they can.
/// </summary>
internal sealed class StepwiseBlocks(
    ModelConfiguration configuration, Gpt2Layers layers, RowKernels rows, IActivations buffers, IMatrixProduct product, IAttentionStep attention)
{
    private readonly int _width = configuration.EmbeddingSize;

    /// <summary>All blocks over the first <paramref name="tokens"/> rows of the residual stream.</summary>
    public void Queue(CudaStream stream, int tokens)
    {
        for (int layer = 0; layer < layers.Blocks.Length; layer++)
        {
            Gpt2Layers.Block block = layers.Blocks[layer];
            QueueNorm(stream, block.AttentionNorm, buffers.Residual, tokens);
            product.Queue(stream, block.QueryKeyValue.Matrix, buffers.Normed, buffers.NormedPitch, buffers.Product, tokens);
            attention.Queue(stream, layer, block.QueryKeyValue.Bias, tokens);
            QueueResidual(stream, block.AttentionOutput, buffers.Attended, buffers.NormedPitch, tokens);

            QueueNorm(stream, block.FeedForwardNorm, buffers.Residual, tokens);
            QueueGelu(stream, block.FeedForwardInput, tokens);
            QueueResidual(stream, block.FeedForwardOutput, buffers.Hidden, buffers.HiddenPitch, tokens);
        }
    }

    /// <summary>Final norm and output head: FP32 [tokens, embedding] → FP32 [tokens, vocabulary].</summary>
    public void QueueHead(CudaStream stream, CudaDevicePointer residual, CudaDevicePointer logits, int tokens)
    {
        QueueNorm(stream, layers.FinalNorm, residual, tokens);
        product.Queue(stream, layers.TokenEmbedding, buffers.Normed, buffers.NormedPitch, logits, tokens);
    }

    private void QueueResidual(CudaStream stream, in Gpt2Layers.Linear linear, CudaDevicePointer input, int inputPitch, int tokens)
    {
        if (product.For(linear.Matrix, tokens) is IResidualProduct fused)
        {
            fused.QueueResidual(stream, linear, input, inputPitch, buffers.Residual, tokens);
            return;
        }

        product.Queue(stream, linear.Matrix, input, inputPitch, buffers.Product, tokens);
        rows.AddResidual(stream, tokens, buffers.Product, linear.Bias, buffers.Residual, _width);
    }

    private void QueueGelu(CudaStream stream, in Gpt2Layers.Linear linear, int tokens)
    {
        if (product.For(linear.Matrix, tokens) is IGeluProduct fused)
        {
            fused.QueueGelu(stream, linear, buffers.Normed, buffers.NormedPitch, buffers.Hidden, buffers.HiddenPitch, tokens);
            return;
        }

        product.Queue(stream, linear.Matrix, buffers.Normed, buffers.NormedPitch, buffers.Product, tokens);
        rows.Gelu(stream, tokens, buffers.Product, linear.Bias, buffers.Hidden, configuration.InnerSize, buffers.HiddenPitch);
    }

    private void QueueNorm(CudaStream stream, in Gpt2Layers.Norm norm, CudaDevicePointer residual, int tokens) => rows.Norm(
        stream, tokens, residual, norm.Gain, norm.Shift, buffers.Normed, _width, buffers.NormedPitch, configuration.LayerNormEpsilon);
}
