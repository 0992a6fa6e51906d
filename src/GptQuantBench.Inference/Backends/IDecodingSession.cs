using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Backends;

/// <summary>One sequence: its KV cache and the position reached. Not thread-safe.</summary>
public interface IDecodingSession : IDisposable
{
    /// <summary>Positions that the KV cache holds.</summary>
    int Capacity { get; }

    /// <summary>Positions filled so far.</summary>
    int Position { get; }

    /// <summary>Forgets the sequence; the memory stays.</summary>
    void Reset();

    /// <summary>
    /// Starts a new sequence with the prompt in one pass and generates exactly <paramref name="generated"/>.Length ids; end-of-text
    /// is an id like any other. Returns when the last id is on the host and the device is idle. The last id is not fed back, so
    /// the sequence ends at prompt + generated − 1 positions. Allocates nothing on the managed heap.
    /// </summary>
    /// <param name="promptIds">At least one id, each inside the vocabulary.</param>
    /// <param name="generated">Receives the ids.</param>
    /// <param name="sampling">How ids are chosen.</param>
    /// <param name="onToken">Called with the index and the id as soon as each id is on the host; null where nobody streams.</param>
    /// <exception cref="ArgumentException">The sequence does not fit the capacity, or an id is outside the vocabulary.</exception>
    void Generate(ReadOnlySpan<int> promptIds, Span<int> generated, SamplingOptions sampling, Action<int, int>? onToken = null);

    /// <summary>Appends ids to the sequence and hands out the logits of each of their positions, in chunks, in order.</summary>
    /// <param name="ids">At least one id, each inside the vocabulary.</param>
    /// <param name="consumer">Receives the logits.</param>
    /// <exception cref="ArgumentException">The sequence does not fit the capacity, or an id is outside the vocabulary.</exception>
    void ComputeLogits(ReadOnlySpan<int> ids, LogitsConsumer consumer);
}
