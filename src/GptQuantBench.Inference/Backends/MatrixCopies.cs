using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends;

/// <summary>How many copies of a matrix a benchmark rotates over.</summary>
internal static class MatrixCopies
{
    /// <summary>So many that a rotation reads at least the asked bytes; one where the matrix alone is as large.</summary>
    public static int Count(in PackedLayout layout, long rotationBytes) =>
        checked((int)Math.Max(1, (rotationBytes + layout.TotalBytes - 1) / layout.TotalBytes));
}
