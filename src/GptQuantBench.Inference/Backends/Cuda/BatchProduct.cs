using GptQuantBench.Cuda;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// Products of many rows, of a batch or of a prompt, each by the kernel that measurements found fastest for its shape (docs/kernels.md,
/// "Which product runs").
/// </summary>
/// <param name="linear">Of few tokens.</param>
/// <param name="tiled">Of up to 64 tokens; asked for when the first product needs it, because its kernels are compiled then.</param>
/// <param name="cuBlas">Null where it is not installed.</param>
/// <param name="isHalf">Whether weights are FP16.</param>
internal sealed class BatchProduct(LinearKernels linear, Func<TiledProduct> tiled, CuBlasProduct? cuBlas, bool isHalf) : IMatrixProduct
{
    // Where the own kernels of up to 16 tokens, which read activations as they are, beat tiles: few weights, or few columns.
    private const long FewWeights = 8_000_000;
    private const long FewWeightsOfHalf = 6_000_000;
    private const int FewColumns = 1024;

    // FP16 matrices with so many more rows than columns (an output head) run faster in tiles than in cuBLAS.
    private const int RowsPerColumnOfHead = 16;

    // Tokens from which arithmetic bounds a product, where cuBLAS is faster with any matrix.
    private const int ManyTokens = 64;

    // Small packed matrices are unpacked faster than tiles of 64 tokens are multiplied.
    private const int SomeTokens = 32;
    private const long WeightsToUnpack = 3_000_000;

    private readonly FewTokenProduct _few = new(linear);

    /// <summary>The products of a model, with cuBLAS where it is installed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tiled">Asked for when the first product needs it.</param>
    public static BatchProduct Of(CudaLanguageModel model, Func<TiledProduct> tiled)
    {
        model.TryGetCuBlas(out CuBlasProduct? cuBlas);
        return new(model.Kernels.Linear, tiled, cuBlas, model.Format.Bits == 16);
    }

    /// <summary>Whether the own kernel of few tokens is the fastest.</summary>
    public static bool IsForFewTokens(PackedLayout layout, int tokens) =>
        tokens <= LinearKernels.MaxTokens
        && (layout.Columns <= FewColumns || (long)layout.Rows * layout.Columns <= (layout.Format.Bits == 16 ? FewWeightsOfHalf : FewWeights));

    /// <inheritdoc />
    public IMatrixProduct For(DeviceMatrix matrix, int tokens) =>
        IsForFewTokens(matrix.Layout, tokens) ? _few
        : cuBlas is not null && IsForCuBlas(matrix.Layout, tokens) ? cuBlas
        : tiled();

    /// <inheritdoc />
    public void Queue(CudaStream stream, DeviceMatrix matrix, CudaDevicePointer input, int inputPitch, CudaDevicePointer output, int tokens) =>
        For(matrix, tokens).Queue(stream, matrix, input, inputPitch, output, tokens);

    private bool IsForCuBlas(PackedLayout layout, int tokens) =>
        tokens > ManyTokens
        || (isHalf ? layout.Rows <= RowsPerColumnOfHead * layout.Columns : tokens > SomeTokens && (long)layout.Rows * layout.Columns <= WeightsToUnpack);
}
