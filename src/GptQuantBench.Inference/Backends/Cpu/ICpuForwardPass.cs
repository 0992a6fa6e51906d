namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>A model over one or several sequences, with their KV caches and activations. Not thread-safe.</summary>
internal unsafe interface ICpuForwardPass : IDisposable
{
    /// <summary>Ids that <see cref="Append"/> takes at once; at least one for each sequence.</summary>
    int MaximumTokens { get; }

    /// <summary>Runs all blocks for ids whose keys and values join the caches: one pass over the weights for all of them.</summary>
    /// <param name="ids">1 … <see cref="MaximumTokens"/> ids of the vocabulary, run by run.</param>
    /// <param name="runs">What they are to their sequences; no sequence twice, counts as many as there are ids.</param>
    /// <param name="wanted">Indices of the ids whose logits will be asked for, ascending; for others the last block ends with its caches.</param>
    void Append(ReadOnlySpan<int> ids, ReadOnlySpan<SequenceRun> runs, ReadOnlySpan<int> wanted);

    /// <summary>Logits of ids that the last <see cref="Append"/> was told of.</summary>
    /// <param name="first">The first of them, as an index among the wanted.</param>
    /// <param name="count">How many.</param>
    /// <param name="logits">Receives FP32 [count, vocabulary].</param>
    void ComputeLogits(int first, int count, float* logits);

    /// <summary>Fills a sequence's cache from a position on with NaN, so that a test sees a read of what was never written.</summary>
    void PoisonCache(int sequence, int position);
}
