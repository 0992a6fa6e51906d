using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Backends.Cpu.Tiles;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>A random matrix in the tiles of a kernel, its plain unpacked form, and inputs in the form that the kernel wants.</summary>
internal sealed unsafe class TileCase : IDisposable
{
    private const float Untouched = 42f;

    private readonly MemoryLedger _ledger = new();
    private readonly CpuKernel _kernel;
    private readonly TileMemory _tiles;
    private readonly TiledMatrix _matrix;
    private readonly PreparedInput _prepared;
    private readonly int _rows;
    private readonly int _columns;

    public TileCase(CpuKernel kernel, QuantizationFormat format, int rows, int columns, int tokens)
        : this(kernel, format, Weights(rows, columns, hasOutliers: format.Bits == 16), Values(tokens * columns, 99), columns)
    {
    }

    public TileCase(CpuKernel kernel, QuantizationFormat format, float[] weights, float[] inputs, int columns)
    {
        (_kernel, _columns, _rows) = (kernel, columns, weights.Length / columns);
        using PackedMatrix packed = PackedMatrix.Quantize(_ledger, format, _rows, columns, weights, "test");
        Unpacked = new float[weights.Length];
        packed.Dequantize(Unpacked);
        TileLayout layout = new(packed.Layout, kernel.Lanes);
        _tiles = new(_ledger, [layout]);
        _matrix = new(_ledger, layout, _tiles);
        for (int tile = 0; tile < layout.Tiles; tile++)
        {
            _matrix.SetTile(tile, packed, tile * layout.Lanes);
        }

        Form = format.Bits switch { 16 => InputForm.Scaled, 8 => InputForm.Int16, _ => InputForm.Int8 };
        Inputs = Form == InputForm.Scaled ? inputs : [.. inputs.Chunk(columns).SelectMany(vector => PlainlyRounded(vector, Form))];
        int tokens = inputs.Length / columns;
        int padded = packed.Layout.PaddedColumns;
        using NativeBuffer<float> x = new(_ledger, MemoryCategory.Workspace, tokens * padded, BufferFill.Zero);
        for (int token = 0; token < tokens; token++)
        {
            inputs.AsSpan(token * columns, columns).CopyTo(x.Slice(token * padded, columns));
        }

        _prepared = new(_ledger, columns, tokens);
        _prepared.Fill(Form, x.Data, padded, tokens, packed.Layout.BlocksPerRow);
    }

    /// <summary>What the format wants its inputs to be.</summary>
    public InputForm Form { get; }

    /// <summary>[rows, columns].</summary>
    public float[] Unpacked { get; }

    /// <summary>[tokens, columns], as the kernel sees them.</summary>
    public float[] Inputs { get; }

    /// <summary>Shape.</summary>
    public TileLayout Layout => _matrix.Layout;

    /// <summary>The tiles.</summary>
    public TiledMatrix Matrix => _matrix;

    /// <summary>The rule as it is written: blocks of 32, absmax / most, ties to even.</summary>
    public static float[] PlainlyRounded(float[] values, InputForm form)
    {
        float most = form == InputForm.Int16 ? 32767f : 127f;
        return
        [
            .. values.Chunk(32).SelectMany(block =>
            {
                float largest = block.Max(MathF.Abs);
                return block.Select(value =>
                    largest < 1e-30f ? 0f : MathF.Round(value * (most / largest), MidpointRounding.ToEven) * (largest / most));
            }),
        ];
    }

    public static float[] Values(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    /// <summary>The worst share of Σ |w x| by which products of the rows of some tiles differ from FP64 sums; other outputs must stay.</summary>
    public double WorstShare(int tile, int tiles)
    {
        int first = tile * _kernel.Lanes;
        int rows = Math.Min(tiles * _kernel.Lanes, _rows - first);
        float[] y = Multiply(tile, tiles, adds: false), twice = Multiply(tile, tiles, adds: true);
        List<float> products = [];
        for (int i = 0; i < y.Length; i++)
        {
            bool isAsked = i % (_rows + 1) >= first && i % (_rows + 1) < first + rows;
            if (isAsked)
            {
                products.Add(y[i]);
                Assert.Equal(Untouched + y[i], twice[i], 1e-5 * (Untouched + Math.Abs(y[i])));
            }
            else
            {
                Assert.Equal(Untouched, y[i]);
                Assert.Equal(Untouched, twice[i]);
            }
        }

        return KernelComparison.WorstShare(Unpacked.AsSpan(first * _columns, rows * _columns), Inputs, [.. products], _columns);
    }

    /// <summary>Products [tokens, rows + 1], 42 where none was asked for.</summary>
    public float[] Multiply(int tile, int tiles, bool adds)
    {
        float[] y = new float[_prepared.Tokens * (_rows + 1)];
        Array.Fill(y, Untouched);
        fixed (float* output = y)
        {
            // As whole matrices are multiplied: as many streams as the kernel reads at once, and what is left in order.
            int streams = _kernel.StreamsFor(_prepared.Tokens), count = tiles / streams;
            _kernel.Multiply(_matrix.View, new(tile, count, streams, count), _prepared, output, _rows + 1, adds);
            _kernel.Multiply(
                _matrix.View, new(tile + (streams * count), tiles - (streams * count)), _prepared, output, _rows + 1, adds);
        }

        return y;
    }

    public void Dispose()
    {
        _matrix.Dispose();
        _tiles.Dispose();
        _prepared.Dispose();
        Assert.Equal(0, _ledger.Usage.TotalBytes);
    }

    private static float[] Weights(int rows, int columns, bool hasOutliers)
    {
        float[] values = Values(rows * columns, (rows * 1000) + columns);

        // Some subnormal halves, zeros and halves above 64, which tricks with bits get wrong first. Above 64 beside minima would cancel.
        for (int i = 0; i < values.Length; i += 7)
        {
            values[i] *= (i % 3) switch { 0 => 1e-5f, 1 => 0f, _ => hasOutliers && i % 5 == 0 ? 300f : 1f };
        }

        return values;
    }
}
