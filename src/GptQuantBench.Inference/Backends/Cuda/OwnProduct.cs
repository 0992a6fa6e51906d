using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Products by the own kernel, 16 tokens at a time.</summary>
internal sealed class OwnProduct(LinearKernels linear) : IMatrixProduct
{
    /// <inheritdoc />
    public void Queue(CudaStream stream, DeviceMatrix matrix, CudaDevicePointer input, int inputPitch, CudaDevicePointer output, int tokens)
    {
        for (int first = 0; first < tokens; first += LinearKernels.MaxTokens)
        {
            LinearArguments arguments = new()
            {
                Matrix = matrix.View,
                Input = input + ((long)first * inputPitch * sizeof(ushort)),
                Output = output + ((long)first * matrix.Layout.Rows * sizeof(float)),
                Tokens = Math.Min(LinearKernels.MaxTokens, tokens - first),
            };
            linear.Launch(linear.Product, stream, ref arguments);
        }
    }
}
