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

    /// <summary>Forgets the positions from <paramref name="position"/> on; those before it stay in the KV cache.</summary>
    /// <param name="position">0 to <see cref="Position"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The sequence is not that long.</exception>
    void Rewind(int position);

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

    /// <summary>
    /// Appends ids to the sequence in one pass and generates <paramref name="generated"/>.Length ids as <see cref="Generate"/> does;
    /// with none to generate it only fills the KV cache. A single id makes every pass a decode step at its depth.
    /// </summary>
    /// <param name="ids">At least one id, each inside the vocabulary.</param>
    /// <param name="generated">Receives the ids; may be empty.</param>
    /// <param name="sampling">How ids are chosen.</param>
    /// <exception cref="ArgumentException">The sequence does not fit the capacity, or an id is outside the vocabulary.</exception>
    void Extend(ReadOnlySpan<int> ids, Span<int> generated, SamplingOptions sampling);

    /// <summary>Generates like <see cref="Generate"/>, with a clock on every id.</summary>
    /// <param name="promptIds">At least one id, each inside the vocabulary.</param>
    /// <param name="generated">Receives the ids.</param>
    /// <param name="sampling">How ids are chosen.</param>
    /// <param name="milliseconds">
    /// Receives the times between consecutive ids, one less than there are ids: by the device's clock where work is queued ahead, else
    /// by the host's.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The sequence does not fit the capacity, an id is outside the vocabulary, or the times are not one less than the ids.
    /// </exception>
    void GenerateTimed(ReadOnlySpan<int> promptIds, Span<int> generated, SamplingOptions sampling, Span<double> milliseconds);

    /// <summary>What a decode step of the last generation cost beside its arithmetic; null where the host itself computes.</summary>
    DecodeStepCost? StepCost { get; }

    /// <summary>Appends ids to the sequence and hands out the logits of each of their positions, in chunks, in order.</summary>
    /// <param name="ids">At least one id, each inside the vocabulary.</param>
    /// <param name="consumer">Receives the logits.</param>
    /// <exception cref="ArgumentException">The sequence does not fit the capacity, or an id is outside the vocabulary.</exception>
    void ComputeLogits(ReadOnlySpan<int> ids, LogitsConsumer consumer);
}
