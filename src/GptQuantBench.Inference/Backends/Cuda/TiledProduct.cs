using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Products by the tiled kernels, as many tokens at a time as they take.</summary>
internal sealed class TiledProduct : IResidualProduct, IGeluProduct, IDisposable
{
    private readonly TiledKernels _kernels;
    private readonly CudaDeviceVariable<float> _partial;
    private readonly CudaDeviceVariable<uint>? _arrived;

    /// <summary>Allocates what sums of split products meet in.</summary>
    /// <exception cref="CudaOutOfMemoryException">It does not fit.</exception>
    public TiledProduct(CudaMemoryPools pools, CudaStream stream, TiledKernels kernels)
    {
        _kernels = kernels;
        _partial = new(pools.Workspace, kernels.PartialLength);
        try
        {
            _arrived = new(pools.Workspace, kernels.ArrivedLength);
            _arrived.FillAsync(0, stream);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public void Queue(CudaStream stream, DeviceMatrix matrix, CudaDevicePointer input, int inputPitch, CudaDevicePointer output, int tokens) =>
        Queue(stream, matrix, CudaDevicePointer.Null, input, inputPitch, output, matrix.Layout.Rows, tokens, TiledEnd.Product);

    /// <inheritdoc />
    public void QueueResidual(CudaStream stream, in Gpt2Layers.Linear linear, CudaDevicePointer input, int inputPitch, CudaDevicePointer residual, int tokens) =>
        Queue(stream, linear.Matrix, linear.Bias, input, inputPitch, residual, linear.Matrix.Layout.Rows, tokens, TiledEnd.Residual);

    /// <inheritdoc />
    public void QueueGelu(
        CudaStream stream, in Gpt2Layers.Linear linear, CudaDevicePointer input, int inputPitch, CudaDevicePointer output, int outputPitch, int tokens) =>
        Queue(stream, linear.Matrix, linear.Bias, input, inputPitch, output, outputPitch, tokens, TiledEnd.Gelu);

    /// <inheritdoc />
    public void Dispose()
    {
        _partial.Dispose();
        _arrived?.Dispose();
    }

    private void Queue(
        CudaStream stream, DeviceMatrix matrix, CudaDevicePointer bias, CudaDevicePointer input, int inputPitch, CudaDevicePointer output, int outputPitch, int tokens, TiledEnd end)
    {
        int outputBytes = end == TiledEnd.Gelu ? sizeof(ushort) : sizeof(float);
        for (int first = 0; first < tokens; first += _kernels.MaxTokens)
        {
            TiledArguments arguments = new()
            {
                Matrix = matrix.View,
                Input = input + ((long)first * inputPitch * sizeof(ushort)),
                Bias = bias,
                Output = output + ((long)first * outputPitch * outputBytes),
                Partial = _partial.DevicePointer,
                Arrived = _arrived!.DevicePointer,
                Tokens = Math.Min(_kernels.MaxTokens, tokens - first),
                InputPitch = inputPitch,
                OutputPitch = outputPitch,
                End = end,
            };
            _kernels.Launch(stream, ref arguments);
        }
    }
}
