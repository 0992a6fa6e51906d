using System.Runtime.CompilerServices;

namespace GptQuantBench.Inference.Backends.Cpu.Tiles;

/// <summary>The addresses of a <see cref="TiledMatrix"/>, for kernels; valid until the matrix is disposed.</summary>
internal readonly unsafe struct TiledMatrixView
{
    private readonly byte* _tiles;
    private readonly nint _tileBytes;

    public TiledMatrixView(TileLayout layout, byte* tiles, float* units)
    {
        Layout = layout;
        _tiles = tiles;
        _tileBytes = layout.TileBytes;
        Units = units;
        Rows = layout.Packed.Rows;
        Blocks = layout.Packed.BlocksPerRow;
        BlocksPerGroup = layout.BlocksPerGroup;
        Bits = layout.Packed.Format.Bits;
        IsGrouped = layout.Packed.IsGrouped;
        HasMinima = !layout.Packed.Format.IsSymmetric;
        HasRowScales = layout.RowScaleBytes > 0;
    }

    /// <summary>Where the parts of a tile lie.</summary>
    public TileLayout Layout { get; }

    /// <summary>FP32 [tiles]: what a word's half, read as the middle of a float, is multiplied with; FP16 only.</summary>
    public float* Units { get; }

    public int Rows { get; }

    /// <summary>Blocks of 32 columns.</summary>
    public int Blocks { get; }

    /// <summary>Blocks of a group that is not the last.</summary>
    public int BlocksPerGroup { get; }

    /// <summary>16, 8 or 4.</summary>
    public int Bits { get; }

    /// <summary>True where groups of columns have FP16 scales.</summary>
    public bool IsGrouped { get; }

    public bool HasMinima { get; }

    /// <summary>True where rows have FP32 scales.</summary>
    public bool HasRowScales { get; }

    /// <summary>The start of a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Tile(int tile) => _tiles + (tile * _tileBytes);
}
