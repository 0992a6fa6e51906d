using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Attention of rows that belong to several sequences.</summary>
internal sealed class BatchAttention(ModelConfiguration configuration, KernelSet kernels, BatchBuffers buffers) : IAttentionStep
{
    /// <summary>The <see cref="BatchRow"/>s of the pass, in device memory.</summary>
    public CudaDevicePointer Rows { get; set; }

    /// <inheritdoc />
    public void Queue(CudaStream stream, int layer, CudaDevicePointer bias, int tokens)
    {
        kernels.Batch.SplitHeads(stream, tokens, new(
            buffers.Product,
            bias,
            buffers.Queries,
            buffers.Keys(layer),
            buffers.Values(layer),
            Rows,
            (ulong)buffers.SequencePitch,
            configuration.HeadCount,
            configuration.HeadSize,
            buffers.HeadPitch,
            buffers.Capacity,
            1f / MathF.Sqrt(configuration.HeadSize)));
        AttentionArguments attention = AttentionArguments.Of(configuration, buffers, layer);
        attention.Rows = Rows;
        attention.SequencePitch = (ulong)buffers.SequencePitch;
        kernels.Attention.LaunchRows(stream, ref attention, tokens);
    }
}
