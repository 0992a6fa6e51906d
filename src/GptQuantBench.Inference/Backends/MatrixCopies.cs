using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends;

/// <summary>How many copies of a matrix a benchmark rotates over.</summary>
internal static class MatrixCopies
{
    // The smallest matrix of GPT-2 in 4-bit needs 600 for 200 MB; of toy matrices a million allocations would help nobody.
    private const int Most = 8192;

    /// <summary>So many that a rotation reads at least the asked bytes; one where the matrix alone is as large, 8192 at most.</summary>
    public static int Count(in PackedLayout layout, long rotationBytes) =>
        (int)Math.Clamp((rotationBytes + layout.TotalBytes - 1) / layout.TotalBytes, 1, Most);
}
