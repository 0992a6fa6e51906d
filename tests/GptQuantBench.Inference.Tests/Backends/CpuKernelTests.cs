using CsCheck;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>The contract of every kernel implementation, against FP64 sums of the plainly unpacked weights.</summary>
public unsafe class CpuKernelTests
{
    public static TheoryData<string> Names => [.. Kernels.Names];

    public static TheoryData<string, string> NamesAndFormats
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string kernel in Kernels.Names)
            {
                foreach (QuantizationFormat format in QuantizationFormat.All)
                {
                    data.Add(kernel, format.Name);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void Multiplies_a_packed_matrix_and_a_vector(string name, string format)
    {
        CpuKernel kernel = Kernels.Get(name);
        (int, int)[] shapes = [(1, 1), (1, 31), (2, 32), (3, 33), (4, 64), (5, 192), (7, 100), (13, 257), (66, 768), (9, 3072)];
        foreach ((int rows, int columns) in shapes)
        {
            using Case test = new(QuantizationFormat.Parse(format), rows, columns, tokens: 1);
            float[] y = new float[rows + 1];
            y[rows] = 42f;
            fixed (float* output = y)
            {
                kernel.MultiplyVector(test.Matrix.View, 0, rows, test.X, output);
            }

            Assert.InRange(KernelComparison.WorstShare(test.Unpacked, test.Inputs, y.AsSpan(0, rows), columns), 0, Tolerances.KernelShare);
            Assert.Equal(42f, y[rows]);
        }
    }

    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void Starts_at_any_row(string name, string format)
    {
        CpuKernel kernel = Kernels.Get(name);
        const int columns = 96;
        using Case test = new(QuantizationFormat.Parse(format), 23, columns, tokens: 1);
        float[] y = new float[6];
        fixed (float* output = y)
        {
            kernel.MultiplyVector(test.Matrix.View, 17, 6, test.X, output);
        }

        Assert.InRange(KernelComparison.WorstShare(test.Unpacked.AsSpan(17 * columns), test.Inputs, y, columns), 0, Tolerances.KernelShare);
    }

    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void Unpacks_every_value_exactly(string name, string format)
    {
        CpuKernel kernel = Kernels.Get(name);
        foreach (int columns in new[] { 1, 32, 100, 257 })
        {
            using Case test = new(QuantizationFormat.Parse(format), 5, columns, tokens: 1);
            int blocks = test.Matrix.Layout.BlocksPerRow;
            int padded = test.Matrix.Layout.PaddedColumns;
            for (int block = 0; block < blocks; block++)
            {
                float[] values = new float[3 * (padded - (block * 32))];
                fixed (float* output = values)
                {
                    kernel.Unpack(test.Matrix.View, 2, 3, block, blocks - block, output);
                }

                int width = padded - (block * 32);
                for (int row = 0; row < 3; row++)
                {
                    int used = columns - (block * 32);
                    Assert.Equal(
                        test.Unpacked.AsSpan(((row + 2) * columns) + (block * 32), used),
                        values.AsSpan(row * width, used));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Multiplies_tiles_of_any_size(string name)
    {
        CpuKernel kernel = Kernels.Get(name);
        Gen.Select(Gen.Int[1, 11], Gen.Int[1, 17], Gen.Int[1, 20], Gen.Bool).Sample((rows, tokens, sixteens, accumulate) =>
        {
            int columns = 16 * sixteens;
            float[] w = Values(rows * columns, 1), x = Values(tokens * columns, 2), y = new float[tokens * rows];
            Array.Fill(y, accumulate ? 0f : 7f);
            fixed (float* a = w, b = x, c = y)
            {
                kernel.Multiply(a, columns, rows, b, columns, tokens, columns, c, rows, accumulate);
            }

            return KernelComparison.WorstShare(w, x, y, columns) <= Tolerances.KernelShare;
        }, iter: 200);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Accumulating_adds(string name)
    {
        CpuKernel kernel = Kernels.Get(name);
        float[] w = Values(5 * 32, 1), x = Values(7 * 32, 2), once = new float[35], twice = new float[35];
        fixed (float* a = w, b = x, c = once, d = twice)
        {
            kernel.Multiply(a, 32, 5, b, 32, 7, 32, c, 5, accumulate: false);
            kernel.Multiply(a, 32, 5, b, 32, 7, 32, d, 5, accumulate: false);
            kernel.Multiply(a, 32, 5, b, 32, 7, 32, d, 5, accumulate: true);
        }

        Assert.Equal(once.Select(value => 2 * value), twice);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sums_values_under_weights(string name)
    {
        CpuKernel kernel = Kernels.Get(name);
        foreach ((int count, int columns) in new[] { (1, 16), (2, 32), (3, 48), (64, 64), (65, 80), (1023, 128), (100, 144) })
        {
            float[] p = Values(count, 3), v = Values(count * columns, 4), y = new float[columns];
            fixed (float* a = p, b = v, c = y)
            {
                kernel.WeightedSum(a, b, count, columns, c);
            }

            float[] transposed = [.. Enumerable.Range(0, columns * count).Select(i => v[(i % count * columns) + (i / count)])];
            Assert.InRange(KernelComparison.WorstShare(transposed, p, y, count), 0, Tolerances.KernelShare);
        }
    }

    [Fact]
    public void The_comparison_sees_one_wrong_code()
    {
        const int rows = 8, columns = 768;
        foreach (QuantizationFormat format in QuantizationFormat.All)
        {
            using Case test = new(format, rows, columns, tokens: 1);
            float[] y = new float[rows];
            fixed (float* output = y)
            {
                CpuKernels.All[^1].MultiplyVector(test.Matrix.View, 0, rows, test.X, output);
            }

            Assert.InRange(KernelComparison.WorstShare(test.Unpacked, test.Inputs, y, columns), 0, Tolerances.KernelShare);

            // The lowest bit of one code of one row (of a half: of its 7th significant digit).
            byte* code = test.Matrix.View.Codes + (3 * test.Matrix.Layout.CodeRowBytes) + 42;
            *code ^= (byte)(format.Bits == 16 ? 0x10 : 0x01);
            fixed (float* output = y)
            {
                CpuKernels.All[^1].MultiplyVector(test.Matrix.View, 0, rows, test.X, output);
            }

            Assert.True(
                KernelComparison.WorstShare(test.Unpacked, test.Inputs, y, columns) > Tolerances.KernelShare,
                $"{format.Name}: a wrong code was not seen.");
        }
    }

    private static float[] Values(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    /// <summary>A random packed matrix, its plain unpacked form, and inputs with their padding.</summary>
    private sealed class Case : IDisposable
    {
        private readonly NativeBuffer<float> _x;

        public Case(QuantizationFormat format, int rows, int columns, int tokens)
        {
            MemoryLedger ledger = new();
            float[] values = Values(rows * columns, (rows * 1000) + columns);

            // Some subnormal halves and zeros, which integer tricks get wrong first.
            for (int i = 0; i < values.Length; i += 7)
            {
                values[i] *= i % 2 == 0 ? 1e-5f : 0f;
            }

            Matrix = PackedMatrix.Quantize(ledger, format, rows, columns, values, "test");
            Unpacked = new float[rows * columns];
            Matrix.Dequantize(Unpacked);
            Inputs = Values(tokens * columns, 99);
            int padded = Matrix.Layout.PaddedColumns;
            _x = new(ledger, MemoryCategory.Workspace, tokens * padded, BufferFill.Zero);
            for (int token = 0; token < tokens; token++)
            {
                Inputs.AsSpan(token * columns, columns).CopyTo(_x.Slice(token * padded, columns));
            }
        }

        public PackedMatrix Matrix { get; }

        public float[] Unpacked { get; }

        public float[] Inputs { get; }

        public float* X => _x.Data;

        public void Dispose()
        {
            Matrix.Dispose();
            _x.Dispose();
        }
    }
}
