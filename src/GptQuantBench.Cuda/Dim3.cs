namespace GptQuantBench.Cuda;

/// <summary>Extent of a grid, block or cluster.</summary>
/// <param name="X">Fastest dimension.</param>
/// <param name="Y">Middle dimension.</param>
/// <param name="Z">Slowest dimension.</param>
public readonly record struct Dim3(int X, int Y = 1, int Z = 1)
{
    /// <summary>Product of the three.</summary>
    public long Count => (long)X * Y * Z;

    /// <summary>One-dimensional.</summary>
    public static implicit operator Dim3(int x) => new(x);

    /// <summary>One-dimensional.</summary>
    public static Dim3 FromInt32(int x) => new(x);

    /// <summary>As in messages: <c>132×1×1</c>.</summary>
    public override string ToString() => $"{X}×{Y}×{Z}";
}
