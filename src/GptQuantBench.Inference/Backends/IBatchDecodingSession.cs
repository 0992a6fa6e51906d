namespace GptQuantBench.Inference.Backends;

/// <summary>
/// Sequences that decode together, each with its own KV cache, position and sampling: one pass over the weights serves all of them. Not
/// thread-safe.
/// </summary>
public interface IBatchDecodingSession : IDisposable
{
    /// <summary>Sequences.</summary>
    int BatchSize { get; }

    /// <summary>Positions that each sequence's KV cache holds.</summary>
    int Capacity { get; }

    /// <summary>Positions of a sequence that are filled so far.</summary>
    /// <param name="sequence">0 to <see cref="BatchSize"/> − 1.</param>
    int PositionOf(int sequence);

    /// <summary>Forgets all sequences; the memory stays.</summary>
    void Reset();

    /// <summary>Forgets the positions of a sequence from <paramref name="position"/> on.</summary>
    /// <param name="sequence">0 to <see cref="BatchSize"/> − 1.</param>
    /// <param name="position">0 to the sequence's position.</param>
    /// <exception cref="ArgumentOutOfRangeException">The sequence is not that long.</exception>
    void Rewind(int sequence, int position);

    /// <summary>
    /// Does for every sequence what <see cref="IDecodingSession.Extend"/> does for one: appends its ids, and generates its new ids. A
    /// sequence that has all of its ids leaves the passes that follow. The ids are those that each sequence would get alone, up to the
    /// rounding of sums that are added in another order; those of a batch of one are the same. Allocates nothing on the managed heap.
    /// </summary>
    /// <param name="sequences">One for each sequence of the batch, in order.</param>
    /// <exception cref="ArgumentException">
    /// There are not <see cref="BatchSize"/> of them, one does not fit the capacity, generates without an id to start from, or has an id
    /// outside the vocabulary; nothing has been appended then.
    /// </exception>
    void Extend(ReadOnlySpan<BatchSequence> sequences);
}
