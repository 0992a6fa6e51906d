using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>One way to run the blocks of a model; everything is only queued.</summary>
internal interface IForwardPass
{
    /// <summary>Tokens of one call at most.</summary>
    int MaxTokens { get; }

    /// <summary>All blocks over the residual stream of <paramref name="tokens"/> tokens; the state has the first one's position.</summary>
    void QueueBlocks(CudaStream stream, int tokens);

    /// <summary>
    /// Final norm and output head of <paramref name="tokens"/> tokens from row <paramref name="first"/> on, into the first rows of
    /// the logits; the last one's best id goes into the state.
    /// </summary>
    /// <param name="stream">Where.</param>
    /// <param name="first">Row of the residual stream.</param>
    /// <param name="tokens">1 to <see cref="LinearKernels.MaxTokens"/>.</param>
    void QueueLogits(CudaStream stream, int first, int tokens);
}
