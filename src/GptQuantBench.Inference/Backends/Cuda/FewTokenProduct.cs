using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Products of up to <see cref="LinearKernels.MaxTokens"/> tokens by the own kernels, with the residual stream fused in.</summary>
internal sealed class FewTokenProduct(LinearKernels linear) : IResidualProduct
{
    private readonly OwnProduct _product = new(linear);

    /// <inheritdoc />
    public void Queue(CudaStream stream, DeviceMatrix matrix, CudaDevicePointer input, int inputPitch, CudaDevicePointer output, int tokens) =>
        _product.Queue(stream, matrix, input, inputPitch, output, tokens);

    /// <inheritdoc />
    public void QueueResidual(
        CudaStream stream, in Gpt2Layers.Linear layer, CudaDevicePointer input, int inputPitch, CudaDevicePointer residual, int tokens)
    {
        LinearArguments arguments = new()
        {
            Matrix = layer.Matrix.View,
            Bias = layer.Bias,
            Input = input,
            Output = residual,
            Tokens = tokens,
        };
        linear.Launch(linear.Residual, stream, ref arguments);
    }
}
