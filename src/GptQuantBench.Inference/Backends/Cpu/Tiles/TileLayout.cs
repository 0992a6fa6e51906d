using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu.Tiles;

/// <summary>
/// Where the parts of a matrix lie that a CPU kernel reads: tiles of as many rows as a vector has 32-bit lanes, so that a lane is an
/// output and no sum crosses lanes, in exactly the order in which a step reads them: one stream of memory for each thread.
/// <code>
/// matrix   [tile of L rows]                                        each at a multiple of a vector
/// tile     [scales of the rows, [L] FP32, int8-row only][group]…
/// group    [scales [L] FP16][minima [L] FP16, asymmetric only][words]     FP16 and int8-row: words alone, all columns in one group
/// words    word w of all rows side by side, [w][L]
///
///   a word   bit 31                              0
///   fp16     [  column 2w + 1  |   column 2w     ]      halves times a power of two (see TiledMatrix)
///   int8     [4w + 3 | 4w + 1 | 4w + 2 | 4w]            even bytes hold a pair of neighbours, odd bytes the next pair
///   int4     [8w + 7 | 8w + 3 | … | 8w + 4 | 8w]        low nibbles hold four neighbours, high nibbles the next four
/// </code>
/// Neighbours meet neighbours of the input in one product. Columns are padded to whole blocks of 32 as in <see cref="PackedLayout"/>,
/// rows to whole tiles with zeros.
/// </summary>
internal readonly record struct TileLayout
{
    /// <param name="packed">Format and shape.</param>
    /// <param name="lanes">Rows of a tile.</param>
    public TileLayout(PackedLayout packed, int lanes)
    {
        Packed = packed;
        Lanes = lanes;
        RowScaleBytes = packed.Format.Bits == 8 && !packed.IsGrouped ? lanes * sizeof(float) : 0;
        GroupScaleBytes = packed.IsGrouped ? lanes * sizeof(ushort) : 0;
        int groups = packed.IsGrouped ? packed.GroupsPerRow : 1;
        int bytes = RowScaleBytes + (groups * GroupHeaderBytes) + (WordsPerRow * lanes * sizeof(int));
        int vector = lanes * sizeof(int);
        TileBytes = (bytes + vector - 1) / vector * vector;
    }

    /// <summary>Format and shape.</summary>
    public PackedLayout Packed { get; }

    /// <summary>Rows of a tile.</summary>
    public int Lanes { get; }

    /// <summary>Tiles of the matrix.</summary>
    public int Tiles => (Packed.Rows + Lanes - 1) / Lanes;

    /// <summary>32-bit words of a row.</summary>
    public int WordsPerRow => Packed.CodeRowBytes / sizeof(int);

    /// <summary>Bytes of the scales of a tile's rows; 0 where groups have theirs.</summary>
    public int RowScaleBytes { get; }

    /// <summary>Bytes of the scales of a group.</summary>
    public int GroupScaleBytes { get; }

    /// <summary>Bytes of the scales and minima of a group.</summary>
    public int GroupHeaderBytes => Packed.Format.IsSymmetric ? GroupScaleBytes : 2 * GroupScaleBytes;

    /// <summary>Blocks of a group that is not the last.</summary>
    public int BlocksPerGroup => Packed.IsGrouped ? 1 << Packed.GroupShift : Packed.BlocksPerRow;

    /// <summary>Bytes from tile to tile.</summary>
    public int TileBytes { get; }

    /// <summary>Bytes of all tiles.</summary>
    public long TotalBytes => (long)Tiles * TileBytes;

    /// <summary>Bytes from the start of a tile to a block's words.</summary>
    public int WordsOffset(int block) =>
        RowScaleBytes + (((block / BlocksPerGroup) + 1) * GroupHeaderBytes) + (block * Packed.Format.Bits * Lanes * sizeof(int));

    /// <summary>Bytes from the start of a tile to the scales of a block's group.</summary>
    public int ScalesOffset(int block)
    {
        int first = block / BlocksPerGroup * BlocksPerGroup;
        return WordsOffset(first) - GroupHeaderBytes;
    }
}
