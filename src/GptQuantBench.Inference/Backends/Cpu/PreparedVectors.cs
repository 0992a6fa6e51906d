namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// Where a group of a <see cref="PreparedInput"/> lies, as plain addresses: a kernel that calls nothing keeps its sums in registers.
/// </summary>
/// <param name="values">FP32, 16-bit or 8-bit integers.</param>
/// <param name="scales">FP32: what the integers of a block are multiplied with.</param>
/// <param name="offsets">See <see cref="Offsets"/>.</param>
/// <param name="sums">See <see cref="Sums"/>.</param>
internal readonly unsafe struct PreparedVectors(long* values, float* scales, int* offsets, float* sums)
{
    /// <summary>[8 bytes of columns][vectors of the group].</summary>
    public long* Values { get; } = values;

    /// <summary>FP32 [blocks][vectors]: what the integers of a block are multiplied with.</summary>
    public float* Scales { get; } = scales;

    /// <summary>
    /// [blocks][vectors]: −8 times a block's 8-bit integers in two 16-bit sums, of the first and the second pairs of four neighbours, since
    /// a code c of a symmetric format means c − 8: what the sums of products start from.
    /// </summary>
    public int* Offsets { get; } = offsets;

    /// <summary>FP32 [blocks][vectors]: scale times the sum of a block's 8-bit integers, what a minimum is multiplied with.</summary>
    public float* Sums { get; } = sums;

    /// <summary>The same from a vector of the group on.</summary>
    public PreparedVectors From(int vector) => new(Values + vector, Scales + vector, Offsets + vector, Sums + vector);
}
