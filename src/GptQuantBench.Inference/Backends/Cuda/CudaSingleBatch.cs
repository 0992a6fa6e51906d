using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>A batch of one: a session, whose fused steps no batch of one row is faster than.</summary>
internal sealed class CudaSingleBatch(CudaDecodingSession session, ModelConfiguration configuration) : IBatchDecodingSession
{
    /// <inheritdoc />
    public int BatchSize => 1;

    /// <inheritdoc />
    public int Capacity => session.Capacity;

    /// <inheritdoc />
    public int PositionOf(int sequence) => session.Position;

    /// <inheritdoc />
    public void Reset() => session.Reset();

    /// <inheritdoc />
    public void Rewind(int sequence, int position) => session.Rewind(position);

    /// <inheritdoc />
    public void Extend(ReadOnlySpan<BatchSequence> sequences)
    {
        SequenceLimits.CheckBatch(sequences, [session.Position], Capacity, configuration);
        if (!sequences[0].Ids.IsEmpty)
        {
            session.Extend(sequences[0].Ids.Span, sequences[0].Generated.Span, sequences[0].Sampling);
        }
    }

    /// <inheritdoc />
    public void Dispose() => session.Dispose();
}
