using GptQuantBench.Inference.Backends.Cpu.Tiles;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>Some input vectors in the form that products with tiles want, columns in their order. Not thread-safe while it is filled.</summary>
internal sealed unsafe class PreparedInput : IDisposable
{
    private readonly int _mostTokens;
    private readonly NativeBuffer<byte> _values;
    private readonly NativeBuffer<float> _scales;
    private readonly NativeBuffer<float> _sums;
    private readonly NativeBuffer<int> _offsets;
    private nint _stride; // values from vector to vector

    /// <param name="ledger">Counts the memory.</param>
    /// <param name="columns">Columns of the longest vector.</param>
    /// <param name="mostTokens">Vectors at most.</param>
    public PreparedInput(MemoryLedger ledger, int columns, int mostTokens)
    {
        _mostTokens = mostTokens;
        int blocks = (columns + PackedLayout.BlockColumns - 1) / PackedLayout.BlockColumns;
        long all = (long)blocks * mostTokens;
        try
        {
            _values = new(ledger, MemoryCategory.Workspace, all * PackedLayout.BlockColumns * sizeof(float), BufferFill.None);
            _scales = new(ledger, MemoryCategory.Workspace, all, BufferFill.None);
            _sums = new(ledger, MemoryCategory.Workspace, all, BufferFill.None);
            _offsets = new(ledger, MemoryCategory.Workspace, all, BufferFill.None);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the vectors are now.</summary>
    public InputForm Form { get; private set; }

    /// <summary>Vectors.</summary>
    public int Tokens { get; private set; }

    /// <summary>Fills everything.</summary>
    /// <param name="form">What the product wants, not <see cref="InputForm.Float"/>.</param>
    /// <param name="x">FP32 [tokens, columns padded with zeros to whole blocks].</param>
    /// <param name="xStride">Floats from vector to vector.</param>
    /// <param name="tokens">1 to the most.</param>
    /// <param name="blocks">Blocks of 32 columns.</param>
    public void Fill(InputForm form, float* x, nint xStride, int tokens, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, _mostTokens);
        Form = form;
        Tokens = tokens;
        _stride = blocks * PackedLayout.BlockColumns;
        for (int token = 0; token < tokens; token++)
        {
            float* from = x + (token * xStride);
            PreparedVectors to = From(token);
            switch (form)
            {
                case InputForm.Scaled:
                    InputRounding.Scale(from, blocks, TiledMatrix.InputScale, (float*)to.Values);
                    break;
                case InputForm.Int16:
                    InputRounding.ToInt16(from, blocks, (short*)to.Values, to.Scales);
                    break;
                default:
                    InputRounding.ToInt8(from, blocks, (sbyte*)to.Values, to.Scales, to.Offsets, to.Sums);
                    break;
            }
        }
    }

    /// <summary>The addresses of a vector and those behind it.</summary>
    public PreparedVectors From(int token)
    {
        nint block = token * _stride / PackedLayout.BlockColumns;
        return new(Values(token), _stride, _scales.Data + block, _offsets.Data + block, _sums.Data + block);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Not all of them exist where memory ran out on the way.
        _values?.Dispose();
        _scales?.Dispose();
        _sums?.Dispose();
        _offsets?.Dispose();
    }

    private void* Values(int token) => Form switch
    {
        InputForm.Scaled => (float*)_values.Data + (token * _stride),
        InputForm.Int16 => (short*)_values.Data + (token * _stride),
        _ => (sbyte*)_values.Data + (token * _stride),
    };
}
