using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// Products of the rows of a batch, each by the kernel that measurements found fastest for its shape (docs/kernels.md, "Which product
/// runs").
/// </summary>
internal sealed class BatchProduct(LinearKernels linear, TiledProduct tiled, CuBlasProduct? cuBlas, bool isHalf) : IMatrixProduct
{
    // Where the own kernels of up to 16 tokens, which read activations as they are, beat tiles: few weights, or few columns.
    private const long FewWeights = 6_000_000;
    private const int FewColumns = 1024;

    // FP16 matrices with so many more rows than columns (an output head) run faster in tiles than in cuBLAS.
    private const int RowsPerColumnOfHead = 16;

    // Tokens from which arithmetic bounds a product, where cuBLAS is faster with any matrix.
    private const int ManyTokens = 64;

    private readonly FewTokenProduct _few = new(linear);

    /// <inheritdoc />
    public IMatrixProduct For(DeviceMatrix matrix, int tokens)
    {
        (int rows, int columns) = (matrix.Layout.Rows, matrix.Layout.Columns);
        bool isSmall = columns <= FewColumns || (long)rows * columns <= FewWeights;
        return isSmall && tokens <= LinearKernels.MaxTokens ? _few
            : cuBlas is not null && (tokens > ManyTokens || (isHalf && rows <= RowsPerColumnOfHead * columns)) ? cuBlas
            : tiled;
    }

    /// <inheritdoc />
    public void Queue(CudaStream stream, DeviceMatrix matrix, CudaDevicePointer input, int inputPitch, CudaDevicePointer output, int tokens) =>
        For(matrix, tokens).Queue(stream, matrix, input, inputPitch, output, tokens);
}
