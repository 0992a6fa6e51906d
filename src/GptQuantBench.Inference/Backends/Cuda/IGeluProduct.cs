using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Matrix products that go through GELU.</summary>
internal interface IGeluProduct : IMatrixProduct
{
    /// <summary>output = gelu(input · matrixᵀ + bias); nothing beyond the rows is written.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="linear">Matrix [rows, columns] and bias.</param>
    /// <param name="input">FP16 [tokens, inputPitch], as for <see cref="IMatrixProduct.Queue"/>.</param>
    /// <param name="inputPitch">Halves.</param>
    /// <param name="output">FP16 [tokens, outputPitch].</param>
    /// <param name="outputPitch">Halves.</param>
    /// <param name="tokens">At least 1.</param>
    void QueueGelu(
        CudaStream stream, in Gpt2Layers.Linear linear, CudaDevicePointer input, int inputPitch, CudaDevicePointer output, int outputPitch, int tokens);
}
