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

    /// <summary>Values from vector to vector.</summary>
    public nint Stride { get; private set; }

    /// <summary>Blocks of 32 columns from vector to vector.</summary>
    public nint BlockStride => Stride / PackedLayout.BlockColumns;

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
        Stride = blocks * PackedLayout.BlockColumns;
        for (int token = 0; token < tokens; token++)
        {
            float* from = x + (token * xStride);
            switch (form)
            {
                case InputForm.Scaled:
                    InputRounding.Scale(from, blocks, TiledMatrix.InputScale, Floats(token));
                    break;
                case InputForm.Int16:
                    InputRounding.ToInt16(from, blocks, Int16(token), Scales(token));
                    break;
                default:
                    InputRounding.ToInt8(from, blocks, Int8(token), Scales(token), Offsets(token), Sums(token));
                    break;
            }
        }
    }

    /// <summary>FP32 values of a vector.</summary>
    public float* Floats(int token) => (float*)_values.Data + (token * Stride);

    /// <summary>16-bit integers of a vector.</summary>
    public short* Int16(int token) => (short*)_values.Data + (token * Stride);

    /// <summary>8-bit integers of a vector.</summary>
    public sbyte* Int8(int token) => (sbyte*)_values.Data + (token * Stride);

    /// <summary>FP32 [blocks]: what the integers of a vector are multiplied with.</summary>
    public float* Scales(int token) => _scales.Data + (token * BlockStride);

    /// <summary>[blocks]: 8 times the sum of a block's 8-bit integers, since a code c of a symmetric format means c − 8.</summary>
    public int* Offsets(int token) => _offsets.Data + (token * BlockStride);

    /// <summary>FP32 [blocks]: scale times the sum of a block's 8-bit integers, what a minimum is multiplied with.</summary>
    public float* Sums(int token) => _sums.Data + (token * BlockStride);

    /// <inheritdoc />
    public void Dispose()
    {
        // Not all of them exist where memory ran out on the way.
        _values?.Dispose();
        _scales?.Dispose();
        _sums?.Dispose();
        _offsets?.Dispose();
    }
}
