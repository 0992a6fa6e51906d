using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Attention of one sequence, whose position is in its state.</summary>
internal sealed class SequenceAttention(ModelConfiguration configuration, KernelSet kernels, SequenceBuffers buffers) : IAttentionStep
{
    /// <inheritdoc />
    public void Queue(CudaStream stream, int layer, CudaDevicePointer bias, int tokens)
    {
        kernels.Rows.SplitHeads(stream, tokens, new(
            buffers.Product,
            bias,
            buffers.Queries,
            buffers.Keys(layer),
            buffers.Values(layer),
            buffers.State,
            configuration.HeadCount,
            configuration.HeadSize,
            buffers.HeadPitch,
            buffers.Capacity,
            1f / MathF.Sqrt(configuration.HeadSize)));
        AttentionArguments attention = AttentionArguments.Of(configuration, buffers, layer);
        attention.State = buffers.State;
        kernels.Attention.LaunchWhole(stream, ref attention, tokens);
    }
}
