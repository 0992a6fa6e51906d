using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>A matrix in the stages of tiled_bulk.cuh: 64 bytes of each row.</summary>
internal readonly record struct BulkShape
{
    /// <summary>Bytes of a row in a stage.</summary>
    public const int RowBytes = 64;

    /// <summary>Groups whose scales come together, a sector of memory.</summary>
    public const int BoxGroups = 16;

    private const int PitchUnit = 16; // of what the copy engine reads, bytes

    /// <summary>Of a weight.</summary>
    public required int Bits { get; init; }

    /// <summary>Of the matrix.</summary>
    public required int Rows { get; init; }

    /// <summary>Of a row.</summary>
    public required int Stages { get; init; }

    /// <summary>Stages that share a box of scales; 1 where there are no groups.</summary>
    public required int StagesOfBox { get; init; }

    /// <summary>Bytes of a row in a box of scales and, where there are minima, one of these; 0 where there are no groups.</summary>
    public required int ScaleRowBytes { get; init; }

    /// <summary>Columns of a stage.</summary>
    public int StageColumns => RowBytes * 8 / Bits;

    /// <summary>A matrix; null where the copy engine cannot read it: FP16, or scales whose rows are no multiple of 16 bytes.</summary>
    /// <param name="format">The format of the weights.</param>
    /// <param name="matrix">The matrix.</param>
    public static BulkShape? Of(QuantizationFormat format, in MatrixView matrix)
    {
        bool isGrouped = matrix.GroupShift > 0;
        if (format.Bits == 16 || (isGrouped && matrix.Groups * sizeof(ushort) % PitchUnit != 0))
        {
            return null;
        }

        return new()
        {
            Bits = format.Bits,
            Rows = matrix.Rows,
            Stages = (matrix.Pitch + RowBytes - 1) / RowBytes,
            StagesOfBox = isGrouped ? (BoxGroups << matrix.GroupShift) * format.Bits / (RowBytes * 8) : 1,
            ScaleRowBytes = isGrouped ? BoxGroups * sizeof(ushort) * (format.IsSymmetric ? 1 : 2) : 0,
        };
    }
}
