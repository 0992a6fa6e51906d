using GptQuantBench.Inference.Backends.Cpu.Tiles;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// Some input vectors in the form that products with tiles want. Not thread-safe while it is filled.
/// <code>
/// values                  [group of up to Tokens.Most vectors][8 bytes of columns][vectors of the group]
/// scales, offsets, sums   [group][block of 32 columns][vectors of the group]
/// </code>
/// 8 bytes are what a 32-bit word of weights meets: 2 FP32 values, 4 16-bit or 8 8-bit integers. Those of all vectors of a group lie side
/// by side, so that a kernel reads them at fixed distances from one address.
/// </summary>
internal sealed unsafe class PreparedInput : IDisposable
{
    private readonly int _mostTokens;
    private readonly NativeBuffer<byte> _values;
    private readonly NativeBuffer<float> _scales;
    private readonly NativeBuffer<float> _sums;
    private readonly NativeBuffer<int> _offsets;
    private int _blocks;

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
        _blocks = blocks;
        for (int token = 0; token < tokens; token++)
        {
            int first = token - (token % Kernels.Tokens.Most);
            int step = Math.Min(Kernels.Tokens.Most, tokens - first);
            float* from = x + (token * xStride);
            PreparedVectors to = Group(first).From(token - first);
            switch (form)
            {
                case InputForm.Scaled:
                    InputRounding.Scale(from, blocks, TiledMatrix.InputScale, to, step);
                    break;
                case InputForm.Int16:
                    InputRounding.ToInt16(from, blocks, to, step);
                    break;
                default:
                    InputRounding.ToInt8(from, blocks, to, step);
                    break;
            }
        }
    }

    /// <summary>The addresses of a group.</summary>
    /// <param name="token">Its first vector.</param>
    public PreparedVectors Group(int token)
    {
        nint block = (nint)token * _blocks;
        int valueBytes = Form switch { InputForm.Scaled => sizeof(float), InputForm.Int16 => sizeof(short), _ => sizeof(sbyte) };
        return new(
            (long*)(_values.Data + (block * PackedLayout.BlockColumns * valueBytes)), _scales.Data + block, _offsets.Data + block,
            _sums.Data + block);
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
}
