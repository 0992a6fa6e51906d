using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// Many input vectors in the order in which <see cref="CpuKernel.MultiplyPanel"/> reads them.
/// <code>
/// [group of PanelTokens inputs][columns][inputs of the group side by side, the last group's padded to PanelWidth]
/// </code>
/// </summary>
internal sealed unsafe class PanelInput : IDisposable
{
    // Columns that are turned at once: their lines of a group stay in the first cache.
    private const int TurnedColumns = 4 * PackedLayout.BlockColumns;

    private readonly CpuKernel _kernel;
    private readonly WorkerPool _pool;
    private readonly NativeBuffer<float> _values;
    private readonly Action<int, int> _fill;

    // The region that runs now.
    private InputForm _form;
    private float* _x;
    private nint _xStride;
    private int _tokens;
    private int _columns;

    /// <param name="kernel">Knows how many inputs lie side by side.</param>
    /// <param name="pool">The threads.</param>
    /// <param name="ledger">Counts the memory.</param>
    /// <param name="columns">Columns of the longest vector.</param>
    /// <param name="mostTokens">Vectors at most.</param>
    public PanelInput(CpuKernel kernel, WorkerPool pool, MemoryLedger ledger, int columns, int mostTokens)
    {
        _kernel = kernel;
        _pool = pool;
        _fill = FillGroup;
        long padded = (columns + PackedLayout.BlockColumns - 1) / PackedLayout.BlockColumns * PackedLayout.BlockColumns;
        long width = (mostTokens + kernel.PanelTokens - 1) / kernel.PanelTokens * kernel.PanelTokens;
        _values = new(ledger, MemoryCategory.Workspace, padded * width, BufferFill.Zero);
    }

    /// <summary>Fills everything, on all threads.</summary>
    /// <param name="form">What few inputs would be turned into; integers are replaced by what they stand for, so that prompts and steps see the same.</param>
    /// <param name="x">FP32 [tokens, columns padded with zeros to whole blocks].</param>
    /// <param name="xStride">Floats from vector to vector.</param>
    /// <param name="tokens">1 to the most.</param>
    /// <param name="blocks">Blocks of 32 columns.</param>
    public void Fill(InputForm form, float* x, nint xStride, int tokens, int blocks)
    {
        _form = form;
        _x = x;
        _xStride = xStride;
        _tokens = tokens;
        _columns = blocks * PackedLayout.BlockColumns;
        _pool.Run((tokens + _kernel.PanelTokens - 1) / _kernel.PanelTokens, _fill);
    }

    /// <summary>The inputs of a group from a block of columns on.</summary>
    public float* Group(int token, int block)
    {
        int width = _kernel.PanelWidth(Math.Min(_kernel.PanelTokens, _tokens - token));
        return _values.Data + ((nint)token * _columns) + ((nint)block * PackedLayout.BlockColumns * width);
    }

    /// <inheritdoc />
    public void Dispose() => _values.Dispose();

    private void FillGroup(int group, int worker)
    {
        int first = group * _kernel.PanelTokens;
        int tokens = Math.Min(_kernel.PanelTokens, _tokens - first);
        int width = _kernel.PanelWidth(tokens);
        float* turned = stackalloc float[TurnedColumns];
        for (int column = 0; column < _columns; column += TurnedColumns)
        {
            int columns = Math.Min(TurnedColumns, _columns - column);
            float* to = Group(first, column / PackedLayout.BlockColumns);
            for (int token = 0; token < tokens; token++, to++)
            {
                float* from = _x + ((first + token) * _xStride) + column;
                if (_form is InputForm.Int16 or InputForm.Int8)
                {
                    new ReadOnlySpan<float>(from, columns).CopyTo(new Span<float>(turned, columns));
                    InputRounding.Round(_form, turned, columns / PackedLayout.BlockColumns);
                    from = turned;
                }

                for (int i = 0; i < columns; i++)
                {
                    to[i * width] = from[i];
                }
            }
        }
    }
}
