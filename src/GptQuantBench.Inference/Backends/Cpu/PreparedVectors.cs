using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>Where a vector of a <see cref="PreparedInput"/> lies, as plain addresses: a kernel that calls nothing keeps its sums in registers.</summary>
/// <param name="values">FP32, 16-bit or 8-bit integers.</param>
/// <param name="stride">Values from vector to vector.</param>
/// <param name="scales">FP32 [blocks]: what the integers are multiplied with.</param>
/// <param name="offsets">[blocks], of 8-bit integers.</param>
/// <param name="sums">FP32 [blocks], of 8-bit integers.</param>
internal readonly unsafe struct PreparedVectors(void* values, nint stride, float* scales, int* offsets, float* sums)
{
    /// <summary>The values.</summary>
    public void* Values { get; } = values;

    /// <summary>Values from vector to vector.</summary>
    public nint Stride { get; } = stride;

    /// <summary>Blocks of 32 columns from vector to vector.</summary>
    public nint BlockStride => Stride / PackedLayout.BlockColumns;

    /// <summary>FP32 [blocks]: what the integers are multiplied with.</summary>
    public float* Scales { get; } = scales;

    /// <summary>
    /// [blocks]: −8 times a block's 8-bit integers in two 16-bit sums, of the first and the second pairs of four neighbours, since a code
    /// c of a symmetric format means c − 8: what the sums of products start from.
    /// </summary>
    public int* Offsets { get; } = offsets;

    /// <summary>FP32 [blocks]: scale times the sum of a block's 8-bit integers, what a minimum is multiplied with.</summary>
    public float* Sums { get; } = sums;
}
