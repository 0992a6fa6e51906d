using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Backends.Cpu.Tiles;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>Products on the CPU as the forward pass asks for them.</summary>
internal sealed unsafe class CpuMatrixBench : IMatrixBench
{
    private readonly WorkerPool _pool = new(Environment.ProcessorCount);
    private readonly PackedMatrix? _packed; // what the products are checked against
    private readonly TileMemory? _tiles;
    private readonly TiledMatrix[] _matrices;
    private readonly MatrixMultiplier? _multiplier;
    private readonly NativeBuffer<float>? _inputs;  // [inputs, padded columns]
    private readonly NativeBuffer<float>? _outputs; // [inputs, rows]
    private readonly PackedLayout _layout;
    private int _next;

    /// <exception cref="InsufficientMemoryException">The system does not give the memory.</exception>
    public CpuMatrixBench(CpuKernel kernel, Products products, PackedLayout layout, int mostInputs, long rotationBytes)
    {
        _layout = layout;
        MemoryLedger ledger = new();
        TileLayout tiles = new(layout, kernel.Lanes);
        _matrices = new TiledMatrix[MatrixCopies.Count(layout, rotationBytes)];
        try
        {
            PackedMatrix packed = _packed = SyntheticMatrix.Pack(layout, ledger, _pool);
            _tiles = new(ledger, Enumerable.Repeat(tiles, Copies));
            for (int copy = 0; copy < Copies; copy++)
            {
                TiledMatrix matrix = _matrices[copy] = new(ledger, tiles, _tiles);
                _pool.Run(tiles.Tiles, (tile, _) => matrix.SetTile(tile, packed, tile * tiles.Lanes));
            }

            _multiplier = new(kernel, products, _pool, ledger, layout.Columns, mostInputs);
            _inputs = new(ledger, MemoryCategory.Workspace, (long)mostInputs * layout.PaddedColumns, BufferFill.Zero);
            _outputs = new(ledger, MemoryCategory.Workspace, (long)mostInputs * layout.Rows, BufferFill.Zero);
            for (int input = 0; input < mostInputs; input++)
            {
                SyntheticMatrix.FillInput(input, _inputs.Slice((long)input * layout.PaddedColumns, layout.Columns));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public long BytesPerProduct => _layout.TotalBytes;

    /// <inheritdoc />
    public int Copies => _matrices.Length;

    /// <inheritdoc />
    public MatrixRun Run(int inputs, int products, bool rotates)
    {
        for (int product = 0; product < products; product++)
        {
            // On from where the last call ended, so that few products at a time rotate too.
            _next = rotates ? (_next + 1) % Copies : 0;
            Multiply(_matrices[_next], inputs);
        }

        return new(products, DeviceSeconds: null);
    }

    /// <inheritdoc />
    public double RelativeError(int inputs)
    {
        Multiply(_matrices[0], inputs);
        return SyntheticMatrix.RelativeError(
            _packed!,
            inputs,
            input => _inputs!.Slice((long)input * _layout.PaddedColumns, _layout.Columns).ToArray(),
            (input, row) => _outputs!.Data[((long)input * _layout.Rows) + row]);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Not all of them exist where memory ran out on the way.
        foreach (TiledMatrix? matrix in _matrices)
        {
            matrix?.Dispose();
        }

        _tiles?.Dispose();
        _packed?.Dispose();
        _multiplier?.Dispose();
        _inputs?.Dispose();
        _outputs?.Dispose();
        _pool.Dispose();
    }

    private void Multiply(TiledMatrix matrix, int inputs) => _multiplier!.Multiply(
        matrix, bias: null, _inputs!.Data, _layout.PaddedColumns, inputs, _outputs!.Data, _layout.Rows, Epilogue.Overwrite);
}
