using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Matrix products of any number of tokens, nothing fused.</summary>
internal interface IMatrixProduct
{
    /// <summary>What runs a product: this, or one that this has chosen for the shape.</summary>
    /// <param name="matrix">[rows, columns].</param>
    /// <param name="tokens">At least 1.</param>
    IMatrixProduct For(DeviceMatrix matrix, int tokens) => this;

    /// <summary>output = input · matrixᵀ.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="matrix">[rows, columns].</param>
    /// <param name="input">FP16 [tokens, inputPitch], finite everywhere and zero beyond the columns.</param>
    /// <param name="inputPitch">Halves; <see cref="LinearKernels.ActivationPitch"/> of the columns.</param>
    /// <param name="output">FP32 [tokens, rows].</param>
    /// <param name="tokens">At least 1.</param>
    void Queue(CudaStream stream, DeviceMatrix matrix, CudaDevicePointer input, int inputPitch, CudaDevicePointer output, int tokens);
}
