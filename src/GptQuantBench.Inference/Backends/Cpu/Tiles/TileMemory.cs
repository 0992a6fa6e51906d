using GptQuantBench.Inference.Memory;

namespace GptQuantBench.Inference.Backends.Cpu.Tiles;

/// <summary>
/// One allocation for the tiles of many matrices, one behind the other in the order in which they are taken: a matrix of its own is too
/// small for pages of 2 MB.
/// </summary>
internal sealed unsafe class TileMemory : IDisposable
{
    private readonly NativeBuffer<byte> _tiles;
    private long _taken;

    /// <param name="ledger">Counts the memory.</param>
    /// <param name="layouts">All matrices.</param>
    /// <exception cref="InsufficientMemoryException">The system does not give that much.</exception>
    public TileMemory(MemoryLedger ledger, IEnumerable<TileLayout> layouts)
    {
        _tiles = new(ledger, MemoryCategory.Weights, layouts.Sum(Bytes), BufferFill.None);
    }

    /// <summary>Where the next matrix lies, a multiple of a cache line.</summary>
    public byte* Take(TileLayout layout)
    {
        byte* taken = _tiles.Data + _taken;
        _taken += Bytes(layout);
        return taken;
    }

    /// <inheritdoc />
    public void Dispose() => _tiles.Dispose();

    private static long Bytes(TileLayout layout) =>
        (layout.TotalBytes + NativeBuffer<byte>.Alignment - 1) / NativeBuffer<byte>.Alignment * NativeBuffer<byte>.Alignment;
}
