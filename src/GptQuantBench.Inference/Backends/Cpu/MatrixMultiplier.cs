using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Backends.Cpu.Tiles;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// Matrix times inputs on all threads. Few inputs: tiles are unpacked on the fly. Many inputs, or quantised weights with FP32 ones:
/// panels of tiles are unpacked to scratch memory of the thread and multiplied with all inputs.
/// </summary>
internal sealed unsafe class MatrixMultiplier : IDisposable
{
    // Up to so many inputs unpacking once costs more than unpacking for every six.
    private const int MostFewTokens = 12;

    // A panel of 2 tiles of 16 × 1024 FP32 is 128 KB: it stays in the second cache while all inputs pass by.
    private const int PanelTiles = 2;
    private const int PanelColumns = 1024;

    // Bytes of weights in a chunk of a decode step: some microseconds, so that a thread that was held up leaves little behind.
    private const int ChunkBytes = 16 << 10;

    private readonly CpuKernel _kernel;
    private readonly WorkerPool _pool;
    private readonly bool _isInteger;
    private readonly NativeBuffer<float> _panels; // per thread [columns][2 tiles]
    private readonly PreparedInput _few;
    private readonly PanelInput _many;
    private readonly Action<int, int, int> _multiplyTiles;
    private readonly Action<int, int> _multiplyPanel;

    // The region that runs now; delegates made once read it from here, so that a call allocates nothing.
    private TiledMatrixView _matrix;
    private int _tiles;
    private int _streams;
    private int _stride; // tiles of a stream
    private int _tilesPerChunk;
    private float* _bias;
    private int _tokens;
    private float* _y;
    private nint _yStride;
    private Epilogue _epilogue;

    /// <param name="kernel">The SIMD kernels.</param>
    /// <param name="products">How quantised matrices are multiplied.</param>
    /// <param name="pool">The threads.</param>
    /// <param name="ledger">Counts the scratch memory.</param>
    /// <param name="mostColumns">Inputs of the widest matrix.</param>
    /// <param name="mostTokens">Vectors at once.</param>
    public MatrixMultiplier(CpuKernel kernel, Products products, WorkerPool pool, MemoryLedger ledger, int mostColumns, int mostTokens)
    {
        _kernel = kernel;
        _isInteger = products == Products.Integer;
        _pool = pool;
        _multiplyTiles = MultiplyTiles;
        _multiplyPanel = MultiplyPanel;
        try
        {
            _few = new(ledger, mostColumns, Math.Min(mostTokens, MostFewTokens));
            _many = new(kernel, pool, ledger, mostColumns, mostTokens);
            _panels = new(
                ledger, MemoryCategory.Workspace, (long)pool.ThreadCount * PanelTiles * kernel.Lanes * PanelColumns, BufferFill.None);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>y[t] = epilogue(W x[t] + b) for all inputs t.</summary>
    /// <param name="matrix">W [rows, columns].</param>
    /// <param name="bias">FP32 [rows], or null.</param>
    /// <param name="x">FP32 [tokens, columns padded with zeros to whole blocks].</param>
    /// <param name="xStride">Floats from input to input.</param>
    /// <param name="tokens">At least 1.</param>
    /// <param name="y">FP32 [tokens, rows].</param>
    /// <param name="yStride">Floats from output to output.</param>
    /// <param name="epilogue">What happens after the bias.</param>
    public void Multiply(
        TiledMatrix matrix, float* bias, float* x, nint xStride, int tokens, float* y, nint yStride, Epilogue epilogue)
    {
        _matrix = matrix.View;
        _tiles = matrix.Layout.Tiles;
        _bias = bias;
        _tokens = tokens;
        _y = y;
        _yStride = yStride;
        _epilogue = epilogue;
        InputForm form = Form(_matrix.Bits);
        if (tokens <= MostFewTokens && form != InputForm.Float)
        {
            _few.Fill(form, x, xStride, tokens, _matrix.Blocks);
            _streams = _kernel.StreamsFor(tokens);
            _streams = _tiles < 2 * _streams * _pool.ThreadCount ? 1 : _streams;
            _stride = _tiles / _streams;
            _tilesPerChunk = Math.Max(1, ChunkBytes / (_streams * matrix.Layout.TileBytes));
            _pool.RunRanges((_stride + _tilesPerChunk - 1) / _tilesPerChunk, _multiplyTiles);
        }
        else
        {
            _many.Fill(form, x, xStride, tokens, _matrix.Blocks);
            _tilesPerChunk = PanelTiles;
            _pool.Run((_tiles + PanelTiles - 1) / PanelTiles, _multiplyPanel);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Not all of them exist where memory ran out on the way.
        _few?.Dispose();
        _many?.Dispose();
        _panels?.Dispose();
    }

    private InputForm Form(int bits) => bits switch
    {
        16 => InputForm.Scaled,
        _ when !_isInteger => InputForm.Float,
        8 => InputForm.Int16,
        _ => InputForm.Int8,
    };

    /// <summary>A chunk is some tiles of each stream, so that a thread that takes the next chunk reads on in the same streams.</summary>
    private void MultiplyTiles(int chunk, int chunks, int worker)
    {
        int tile = chunk * _tilesPerChunk;
        int tiles = Math.Min(chunks * _tilesPerChunk, _stride - tile);
        Multiply(new(tile, tiles, _streams, _stride));
        int rest = _tiles - (_streams * _stride);
        if (tile + tiles == _stride && rest > 0)
        {
            Multiply(new(_streams * _stride, rest));
        }
    }

    private void Multiply(TileStreams tiles)
    {
        _kernel.Multiply(_matrix, tiles, _few, _y, _yStride, _epilogue == Epilogue.Add);
        for (int stream = 0; stream < tiles.Streams; stream++)
        {
            Finish(tiles.First + (stream * tiles.Stride), tiles.Count);
        }
    }

    private void MultiplyPanel(int chunk, int worker)
    {
        int tile = chunk * _tilesPerChunk;
        int tiles = Math.Min(_tilesPerChunk, _tiles - tile);
        int row = tile * _kernel.Lanes;
        int rows = Math.Min(tiles * _kernel.Lanes, _matrix.Rows - row);
        nint columnStride = PanelTiles * _kernel.Lanes;
        float* panel = _panels.Data + (worker * columnStride * PanelColumns);
        const int mostBlocks = PanelColumns / PackedLayout.BlockColumns;
        for (int block = 0; block < _matrix.Blocks; block += mostBlocks)
        {
            int blocks = Math.Min(mostBlocks, _matrix.Blocks - block);
            for (int i = 0; i < tiles; i++)
            {
                _kernel.Unpack(_matrix, tile + i, block, blocks, panel + (i * _kernel.Lanes), columnStride);
            }

            bool adds = block > 0 || _epilogue == Epilogue.Add;
            for (int token = 0; token < _tokens; token += _kernel.PanelTokens)
            {
                int tokens = Math.Min(_kernel.PanelTokens, _tokens - token);
                _kernel.MultiplyPanel(
                    panel, columnStride, _kernel.Lanes, blocks * PackedLayout.BlockColumns, _many.Group(token, block), tokens,
                    _y + (token * _yStride) + row, _yStride, rows, adds);
            }
        }

        Finish(tile, tiles);
    }

    private void Finish(int tile, int tiles)
    {
        int row = tile * _kernel.Lanes;
        int rows = Math.Min(tiles * _kernel.Lanes, _matrix.Rows - row);
        for (int token = 0; token < _tokens; token++)
        {
            float* y = _y + (token * _yStride) + row;
            if (_bias != null)
            {
                Activations.Add(y, _bias + row, rows);
            }

            if (_epilogue == Epilogue.Gelu)
            {
                Activations.Gelu(y, rows);
            }
        }
    }
}
