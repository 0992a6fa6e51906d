using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>From the product of queries, keys and values to what attention gives, with the cache between them.</summary>
internal interface IAttentionStep
{
    /// <summary><see cref="IActivations.Product"/> → <see cref="IActivations.Attended"/>.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="layer">Whose cache.</param>
    /// <param name="bias">FP32 [3 · embedding].</param>
    /// <param name="tokens">Rows of the pass.</param>
    void Queue(CudaStream stream, int layer, CudaDevicePointer bias, int tokens);
}
