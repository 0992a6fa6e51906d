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

    private readonly CpuKernel _kernel;
    private readonly WorkerPool _pool;
    private readonly NativeBuffer<float> _panels;
    private readonly Action<int, int> _multiplyVector;
    private readonly Action<int, int> _multiplyPanel;

    // The region that runs now; delegates made once read it from here, so that a call allocates nothing.
    private PackedMatrixView _matrix;
    private int _rowsPerChunk;
    private float* _bias;
    private float* _x;
    private nint _xStride;
    private int _tokens;
    private float* _y;
    private nint _yStride;
    private Epilogue _epilogue;

    public MatrixMultiplier(CpuKernel kernel, WorkerPool pool, MemoryLedger ledger)
    {
        _kernel = kernel;
        _pool = pool;
        _panels = new(ledger, MemoryCategory.Workspace, (long)pool.ThreadCount * PanelRows * PanelColumns, BufferFill.None);
        _multiplyVector = MultiplyVectorChunk;
        _multiplyPanel = MultiplyPanelChunk;
    }

    /// <summary>y[t] = epilogue(W x[t] + b) for all inputs t.</summary>
    /// <param name="matrix">W [rows, columns], packed.</param>
    /// <param name="bias">FP32 [rows], or null.</param>
    /// <param name="x">FP32 [tokens, columns padded with zeros to whole blocks].</param>
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

        // Whole cache lines of outputs, and several chunks for each thread so that none waits long for the last.
        _rowsPerChunk = tokens == 1
            ? Math.Clamp((_matrix.Rows / (_pool.ThreadCount * 8) + 15) & ~15, 16, MostVectorRows)
            : PanelRows;
        _pool.Run((_matrix.Rows + _rowsPerChunk - 1) / _rowsPerChunk, tokens == 1 ? _multiplyVector : _multiplyPanel);
    }

    /// <inheritdoc />
    public void Dispose() => _panels.Dispose();

    private void MultiplyVectorChunk(int chunk, int worker)
    {
        int row = chunk * _rowsPerChunk;
        int rows = Math.Min(_rowsPerChunk, _matrix.Rows - row);
        float* y = _y + row;
        if (_epilogue == Epilogue.Add)
        {
            float* sums = stackalloc float[MostVectorRows];
            _kernel.MultiplyVector(_matrix, row, rows, _x, sums);
            for (int i = 0; i < rows; i++)
            {
                y[i] += sums[i];
            }
        }
        else
        {
            _kernel.MultiplyVector(_matrix, row, rows, _x, y);
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
