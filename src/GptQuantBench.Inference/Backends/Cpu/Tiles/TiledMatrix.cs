using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu.Tiles;

/// <summary>A matrix [rows, columns] = [out, in] as <see cref="TileLayout"/> draws it, in native memory.</summary>
/// <remarks>
/// FP16: a half read as the middle of a float is 2^-112 of its value, and a subnormal half is a subnormal float, which costs many CPUs
/// hundreds of cycles. So a tile holds its halves times 2^10, exactly, which no half is too small for; where a value of 64 or more
/// forbids that, times the largest power of two that fits. Kernels multiply inputs by 2^64 and sums by the tile's unit,
/// 2^(112 − 64) over that power.
/// </remarks>
internal sealed unsafe class TiledMatrix : IDisposable
{
    /// <summary>What inputs of FP16 matrices are multiplied with, so that no product is subnormal.</summary>
    public const float InputScale = 18446744073709551616f;

    private readonly NativeBuffer<float>? _units;

    /// <summary>Takes its tiles; every one must be set before it is read.</summary>
    /// <param name="ledger">Counts what is beside the tiles.</param>
    /// <param name="layout">Shape and where the parts lie.</param>
    /// <param name="memory">Where the tiles lie; must outlive the matrix.</param>
    /// <exception cref="InsufficientMemoryException">The system does not give that much.</exception>
    public TiledMatrix(MemoryLedger ledger, TileLayout layout, TileMemory memory)
    {
        Layout = layout;
        _units = layout.Packed.Format.Bits == 16 ? new(ledger, MemoryCategory.Weights, layout.Tiles, BufferFill.None) : null;
        View = new(layout, memory.Take(layout), _units is null ? null : _units.Data);
    }

    /// <summary>Shape and where the parts lie.</summary>
    public TileLayout Layout { get; }

    /// <summary>The addresses.</summary>
    public TiledMatrixView View { get; }

    /// <summary>Where the tiles lie.</summary>
    public MemoryPart Part => new((nint)View.Tile(0), Layout.TotalBytes);

    /// <summary>Fills a tile; different tiles may be set by different threads.</summary>
    /// <param name="tile">Which.</param>
    /// <param name="source">Packed rows of the same format and columns.</param>
    /// <param name="row">The first of them that belongs to the tile.</param>
    public void SetTile(int tile, PackedMatrix source, int row)
    {
        int rows = Math.Min(Layout.Lanes, Layout.Packed.Rows - (tile * Layout.Lanes));
        byte* to = View.Tile(tile);
        new Span<byte>(to, Layout.TileBytes).Clear();
        TilePacker packer = new(Layout, source.View, row, rows);
        packer.CopyScales(to);
        if (_units is null)
        {
            packer.CopyCodes(to);
        }
        else
        {
            _units.Data[tile] = packer.CopyHalves((ushort*)to);
        }
    }

    /// <summary>Unpacks one row.</summary>
    /// <param name="row">Which.</param>
    /// <param name="values">Receives FP32 [padded columns].</param>
    public void GetRow(int row, float* values)
    {
        (int tile, int lane) = Math.DivRem(row, Layout.Lanes);
        TileRow.Unpack(View, tile, lane, values);
    }

    /// <inheritdoc />
    public void Dispose() => _units?.Dispose();
}
