using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Matrix products that add themselves to the residual stream.</summary>
internal interface IResidualProduct : IMatrixProduct
{
    /// <summary>residual += input · matrixᵀ + bias.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="linear">Matrix [rows, columns] and bias.</param>
    /// <param name="input">FP16 [tokens, inputPitch], as for <see cref="IMatrixProduct.Queue"/>.</param>
    /// <param name="inputPitch">Halves.</param>
    /// <param name="residual">FP32 [tokens, rows].</param>
    /// <param name="tokens">At least 1.</param>
    void QueueResidual(CudaStream stream, in Gpt2Layers.Linear linear, CudaDevicePointer input, int inputPitch, CudaDevicePointer residual, int tokens);
}
