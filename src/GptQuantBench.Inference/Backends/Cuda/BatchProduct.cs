using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// Products of the rows of a batch, each by the kernel that measurements found fastest for its shape (docs/kernels.md, "Which product
/// runs").
/// </summary>
internal sealed class BatchProduct(LinearKernels linear, TiledProduct tiled, CuBlasProduct? cuBlas, bool isHalf) : IMatrixProduct
{
    // Weights of a matrix up to which, beyond 16 tokens, unpacking it for cuBLAS costs less than the tiled kernel's few blocks.
    private const long SmallMatrix = 6_000_000;

    // Tokens from which arithmetic bounds a product, where cuBLAS is faster with any matrix.
    private const int ManyTokens = 64;

    private readonly FewTokenProduct _few = new(linear);

    /// <inheritdoc />
    public IMatrixProduct For(DeviceMatrix matrix, int tokens)
    {
        bool isSmall = (long)matrix.Layout.Rows * matrix.Layout.Columns <= SmallMatrix;
        return isSmall && tokens <= LinearKernels.MaxTokens ? _few
            : cuBlas is not null && (isHalf || isSmall || tokens > ManyTokens) ? cuBlas
            : tiled;
    }

    /// <inheritdoc />
    public void Queue(CudaStream stream, DeviceMatrix matrix, CudaDevicePointer input, int inputPitch, CudaDevicePointer output, int tokens) =>
        For(matrix, tokens).Queue(stream, matrix, input, inputPitch, output, tokens);
}
