using System.Numerics;

namespace GptQuantBench.Inference.Quantization;

/// <summary>
/// Where the parts of a packed matrix [rows, columns] lie; the one place that knows, for every backend.
/// <code>
/// codes    row r starts at r × CodeRowBytes; a row is PaddedColumns long, in blocks of 32 columns:
///
///   fp16   column   0    1    2   ...   31          64 bytes: IEEE halves in column order
///                 [h0 ][h1 ][h2 ] ... [h31]
///
///   int8   column   0   1   2   ...  31             32 bytes: two's complement in column order
///                 [c0][c1][c2]  ... [c31]
///
///   int4   byte      0         1       ...    15    16 bytes: byte j has column j in its low nibble
///   low nibble     [c0 ]     [c1 ]     ...  [c15]   and column j + 16 in its high nibble, so that one
///   high nibble    [c16]     [c17]     ...  [c31]   load gives two runs of 16 neighbouring columns
///
/// scales   [rows][GroupsPerRow], FP32 where the whole row is the group, else FP16
/// minima   [rows][GroupsPerRow], FP16, asymmetric formats only
/// </code>
/// A value is half, scale × code (int8), scale × (code − 8) (int4 symmetric) or scale × code + minimum (int4 asymmetric). Columns
/// beyond Columns have codes that mean 0 (asymmetric: code 0, so readers multiply them by an input of 0).
/// </summary>
public readonly record struct PackedLayout
{
    /// <summary>Columns of a block; rows are padded to whole blocks.</summary>
    public const int BlockColumns = 32;

    /// <param name="format">The format.</param>
    /// <param name="rows">Outputs, at least 1.</param>
    /// <param name="columns">Inputs, at least 1.</param>
    public PackedLayout(QuantizationFormat format, int rows, int columns)
    {
        ArgumentNullException.ThrowIfNull(format);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        Format = format;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>The format.</summary>
    public QuantizationFormat Format { get; }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Inputs.</summary>
    public int Columns { get; }

    /// <summary>Blocks of a row.</summary>
    public int BlocksPerRow => (Columns + BlockColumns - 1) / BlockColumns;

    /// <summary>Columns with padding.</summary>
    public int PaddedColumns => BlocksPerRow * BlockColumns;

    /// <summary>Bytes of the codes of a block: 64, 32 or 16.</summary>
    public int BlockBytes => BlockColumns * Format.Bits / 8;

    /// <summary>Bytes of the codes of a row.</summary>
    public int CodeRowBytes => BlocksPerRow * BlockBytes;

    /// <summary>Scales of a row; 0 for FP16.</summary>
    public int GroupsPerRow => Format switch
    {
        { Bits: 16 } => 0,
        { GroupSize: QuantizationFormat.WholeRow } => 1,
        _ => (Columns + Format.GroupSize - 1) / Format.GroupSize,
    };

    /// <summary>True where scales are FP16 and belong to groups of columns.</summary>
    public bool IsGrouped => Format.Bits != 16 && Format.GroupSize != QuantizationFormat.WholeRow;

    /// <summary>Blocks in a group, as a power of two; 0 where the whole row is the group.</summary>
    public int GroupShift => IsGrouped ? BitOperations.Log2((uint)(Format.GroupSize / BlockColumns)) : 0;

    /// <summary>Bytes of all codes.</summary>
    public long CodeBytes => (long)Rows * CodeRowBytes;

    /// <summary>Bytes of all scales.</summary>
    public long ScaleBytes => (long)Rows * GroupsPerRow * (IsGrouped ? 2 : 4);

    /// <summary>Bytes of all minima.</summary>
    public long MinimumBytes => Format.IsSymmetric ? 0 : (long)Rows * GroupsPerRow * 2;

    /// <summary>Bytes of everything.</summary>
    public long TotalBytes => CodeBytes + ScaleBytes + MinimumBytes;
}
