namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>The forward pass of one architecture over one sequence, with its KV cache and activations. Not thread-safe.</summary>
internal unsafe interface ICpuForwardPass : IDisposable
{
    /// <summary>Ids that <see cref="Append"/> takes at once.</summary>
    int MaximumTokens { get; }

    /// <summary>Runs all blocks for consecutive ids, whose keys and values join the cache.</summary>
    /// <param name="ids">1 … <see cref="MaximumTokens"/> ids of the vocabulary.</param>
    /// <param name="position">Position of the first; all positions before it are in the cache.</param>
    void Append(ReadOnlySpan<int> ids, int position);

    /// <summary>Logits of ids of the last <see cref="Append"/>.</summary>
    /// <param name="first">Index of the first among them.</param>
    /// <param name="count">How many.</param>
    /// <param name="logits">Receives FP32 [count, vocabulary].</param>
    void ComputeLogits(int first, int count, float* logits);

    /// <summary>Fills the cache from a position on with NaN, so that a test sees a read of what was never written.</summary>
    void PoisonCache(int position);
}
