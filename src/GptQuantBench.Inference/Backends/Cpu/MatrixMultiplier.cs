using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// Packed matrix times activations on all threads. One input: rows are decoded on the fly. Several: panels of rows are unpacked once to
/// scratch memory of the thread and multiplied with all inputs.
/// </summary>
internal sealed unsafe class MatrixMultiplier : IDisposable
{
    // A panel of 32 × 1024 FP32 is 128 KB: it stays in the second cache while all inputs pass by.
    private const int PanelRows = 32;
    private const int PanelColumns = 1024;
    private const int MostVectorRows = 256;

    // Bytes of weights in a chunk of a decode step: some microseconds, so that a thread that was held up leaves little behind.
    private const int VectorChunkBytes = 32 << 10;

    private readonly CpuKernel _kernel;
    private readonly WorkerPool _pool;
    private readonly Products _products;
    private readonly NativeBuffer<float> _panels;
    private readonly QuantizedActivations _quantized;
    private readonly Action<int, int> _round;
    private readonly Action<int, int> _multiplyVector;
    private readonly Action<int, int> _multiplyPanel;

    // The region that runs now; delegates made once read it from here, so that a call allocates nothing.
    private PackedMatrixView _matrix;
    private int _rowsPerChunk;
    private float* _bias;
    private float* _x;
    private nint _xStride;
    private bool _isInteger;
    private int _tokens;
    private float* _y;
    private nint _yStride;
    private Epilogue _epilogue;

    /// <param name="kernel">The SIMD kernels.</param>
    /// <param name="products">How quantised matrices are multiplied.</param>
    /// <param name="pool">The threads.</param>
    /// <param name="ledger">Counts the scratch memory.</param>
    /// <param name="mostColumns">Inputs of the widest matrix.</param>
    public MatrixMultiplier(CpuKernel kernel, Products products, WorkerPool pool, MemoryLedger ledger, int mostColumns)
    {
        _kernel = kernel;
        _products = products;
        _pool = pool;
        _round = Round;
        _multiplyVector = MultiplyVectorChunk;
        _multiplyPanel = MultiplyPanelChunk;
        _quantized = new(ledger, mostColumns);
        try
        {
            _panels = new(ledger, MemoryCategory.Workspace, (long)pool.ThreadCount * PanelRows * PanelColumns, BufferFill.None);
        }
        catch
        {
            _quantized.Dispose();
            throw;
        }
    }

    /// <summary>y[t] = epilogue(W x[t] + b) for all inputs t.</summary>
    /// <param name="matrix">W [rows, columns], packed.</param>
    /// <param name="bias">FP32 [rows], or null.</param>
    /// <param name="x">FP32 [tokens, columns padded with zeros to whole blocks]; integer products round it in place.</param>
    /// <param name="xStride">Floats from input to input.</param>
    /// <param name="tokens">At least 1.</param>
    /// <param name="y">FP32 [tokens, rows].</param>
    /// <param name="yStride">Floats from output to output.</param>
    /// <param name="epilogue">What happens after the bias.</param>
    public void Multiply(
        PackedMatrix matrix, float* bias, float* x, nint xStride, int tokens, float* y, nint yStride, Epilogue epilogue)
    {
        _matrix = matrix.View;
        _bias = bias;
        _x = x;
        _xStride = xStride;
        _tokens = tokens;
        _y = y;
        _yStride = yStride;
        _epilogue = epilogue;

        _isInteger = _products == Products.Int16 && _matrix.Bits < 16;
        if (tokens == 1)
        {
            if (_isInteger)
            {
                _quantized.Quantize(x, _matrix.BlocksPerRow, _matrix.Bits, _kernel.BlocksPerVector);
            }

            // Whole cache lines of outputs.
            int rows = VectorChunkBytes / (_matrix.BlocksPerRow * PackedLayout.BlockColumns * _matrix.Bits / 8);
            _rowsPerChunk = Math.Clamp(rows & ~15, 16, MostVectorRows);
            _pool.Run((_matrix.Rows + _rowsPerChunk - 1) / _rowsPerChunk, _multiplyVector);
            return;
        }

        // What a single input would be multiplied as, so that prompts and steps, and what is evaluated, are one function.
        if (_isInteger)
        {
            _pool.Run(tokens, _round);
        }

        _rowsPerChunk = PanelRows;
        _pool.Run((_matrix.Rows + PanelRows - 1) / PanelRows, _multiplyPanel);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _panels.Dispose();
        _quantized.Dispose();
    }

    private void Round(int token, int worker) => QuantizedActivations.Round(_x + (token * _xStride), _matrix.BlocksPerRow);

    private void MultiplyVectorChunk(int chunk, int worker)
    {
        int row = chunk * _rowsPerChunk;
        int rows = Math.Min(_rowsPerChunk, _matrix.Rows - row);
        float* y = _y + row;
        bool adds = _epilogue == Epilogue.Add;
        float* sums = stackalloc float[adds ? MostVectorRows : 0];
        float* target = adds ? sums : y;
        if (_isInteger)
        {
            _kernel.MultiplyInteger(_matrix, row, rows, _quantized, target);
        }
        else
        {
            _kernel.MultiplyVector(_matrix, row, rows, _x, target);
        }

        if (adds)
        {
            for (int i = 0; i < rows; i++)
            {
                y[i] += sums[i];
            }
        }

        Finish(y, row, rows);
    }

    private void MultiplyPanelChunk(int chunk, int worker)
    {
        int row = chunk * _rowsPerChunk;
        int rows = Math.Min(_rowsPerChunk, _matrix.Rows - row);
        float* panel = _panels.Data + ((nint)worker * PanelRows * PanelColumns);
        const int mostBlocks = PanelColumns / PackedLayout.BlockColumns;
        for (int block = 0; block < _matrix.BlocksPerRow; block += mostBlocks)
        {
            int blocks = Math.Min(mostBlocks, _matrix.BlocksPerRow - block);
            int columns = blocks * PackedLayout.BlockColumns;
            _kernel.Unpack(_matrix, row, rows, block, blocks, panel);
            _kernel.Multiply(
                panel, columns, rows, _x + ((nint)block * PackedLayout.BlockColumns), _xStride, _tokens, columns,
                _y + row, _yStride, accumulate: block > 0 || _epilogue == Epilogue.Add);
        }

        for (int token = 0; token < _tokens; token++)
        {
            Finish(_y + row + (token * _yStride), row, rows);
        }
    }

    private void Finish(float* y, int row, int rows)
    {
        if (_bias != null)
        {
            float* bias = _bias + row;
            for (int i = 0; i < rows; i++)
            {
                y[i] += bias[i];
            }
        }

        if (_epilogue == Epilogue.Gelu)
        {
            Activations.Gelu(y, rows);
        }
    }
}
