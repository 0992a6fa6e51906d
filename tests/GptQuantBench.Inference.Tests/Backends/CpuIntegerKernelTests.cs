using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>
/// The contract of integer products: FP64 sums of the plainly unpacked weights and of activations rounded by the rule as it is
/// written, whose integers are exact.
/// </summary>
public unsafe class CpuIntegerKernelTests
{
    public static TheoryData<string, string> NamesAndFormats
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string kernel in Kernels.Names)
            {
                foreach (QuantizationFormat format in QuantizationFormat.All.Where(format => format.Bits < 16))
                {
                    data.Add(kernel, format.Name);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void Multiplies_a_packed_matrix_and_a_rounded_vector(string name, string format)
    {
        CpuKernel kernel = Kernels.Get(name);
        (int, int)[] shapes = [(1, 1), (1, 31), (2, 32), (3, 33), (4, 64), (5, 192), (7, 100), (13, 257), (66, 768), (9, 3072), (6, 4200)];
        foreach ((int rows, int columns) in shapes)
        {
            using Case test = new(QuantizationFormat.Parse(format), rows, columns);
            float[] y = test.Multiply(kernel, 0, rows);
            Assert.InRange(KernelComparison.WorstShare(test.Unpacked, test.Rounded, y, columns), 0, Tolerances.KernelShare);
        }
    }

    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void Starts_at_any_row(string name, string format)
    {
        const int columns = 96;
        using Case test = new(QuantizationFormat.Parse(format), 23, columns);
        float[] y = test.Multiply(Kernels.Get(name), 17, 6);
        Assert.InRange(KernelComparison.WorstShare(test.Unpacked.AsSpan(17 * columns), test.Rounded, y, columns), 0, Tolerances.KernelShare);
    }

    /// <summary>One block and a scale of 1: what every instruction set computes is the same integer.</summary>
    [Theory]
    [InlineData("int8-row-sym", 127)]
    [InlineData("int8-g32-sym", 127)]
    [InlineData("int4-g32-sym", -8)]
    public void Largest_codes_and_activations_do_not_overflow(string format, int largest)
    {
        foreach (string name in Kernels.Names)
        {
            CpuKernel kernel = CpuKernels.All.Single(kernel => kernel.Name == name);
            if (kernel.IsSupported)
            {
                float[] weights = new float[32], inputs = new float[32];
                Array.Fill(weights, largest);
                Array.Fill(inputs, -32767f);
                using Case test = new(QuantizationFormat.Parse(format), weights, inputs);
                Assert.Equal(-32767f * 32 * largest, test.Multiply(kernel, 0, 1)[0]);
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void An_activation_that_is_not_finite_stays_visible(float bad)
    {
        foreach (CpuKernel kernel in CpuKernels.All.Where(kernel => kernel.IsSupported))
        {
            float[] inputs = new float[70];
            inputs[40] = bad;
            using Case test = new(QuantizationFormat.FourBit, new float[70], inputs);
            Assert.False(float.IsFinite(test.Multiply(kernel, 0, 1)[0]));
        }

        float[] values = new float[32];
        values[7] = bad;
        fixed (float* x = values)
        {
            QuantizedActivations.Round(x, 1);
        }

        Assert.All(values, value => Assert.False(float.IsFinite(value)));
    }

    [Fact]
    public void Rounding_is_the_rule_as_it_is_written()
    {
        Random random = new(5);
        foreach (float magnitude in new[] { 0f, 1e-38f, 1e-29f, 1e-3f, 1f, 1e4f, 3e38f })
        {
            float[] values = [.. Enumerable.Range(0, 96).Select(_ => ((random.NextSingle() * 2) - 1) * magnitude)];
            float[] rounded = [.. values];
            fixed (float* x = rounded)
            {
                QuantizedActivations.Round(x, 3);
            }

            Assert.Equal(PlainlyRounded(values), rounded);
        }
    }

    private static float[] PlainlyRounded(float[] values) =>
    [
        .. values.Chunk(32).SelectMany(block =>
        {
            float largest = block.Max(MathF.Abs);
            return block.Select(value =>
                largest < 1e-30f ? 0f : MathF.Round(value * (32767f / largest), MidpointRounding.ToEven) * (largest / 32767f));
        }),
    ];

    private static float[] Values(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    /// <summary>A packed matrix and an input.</summary>
    private sealed class Case : IDisposable
    {
        private readonly MemoryLedger _ledger = new();
        private readonly PackedMatrix _matrix;
        private readonly NativeBuffer<float> _x;
        private readonly QuantizedActivations _quantized;

        public Case(QuantizationFormat format, int rows, int columns)
            : this(format, Values(rows * columns, (rows * 1000) + columns), Values(columns, 99))
        {
        }

        public Case(QuantizationFormat format, float[] weights, float[] inputs)
        {
            int columns = inputs.Length;
            int rows = weights.Length / columns;
            _matrix = PackedMatrix.Quantize(_ledger, format, rows, columns, weights, "test");
            Unpacked = new float[weights.Length];
            _matrix.Dequantize(Unpacked);
            Rounded = PlainlyRounded(inputs);
            _x = new(_ledger, MemoryCategory.Workspace, _matrix.Layout.PaddedColumns, BufferFill.Zero);
            inputs.CopyTo(_x.Slice(0, columns));
            _quantized = new(_ledger, columns);
        }

        public float[] Unpacked { get; }

        public float[] Rounded { get; }

        public float[] Multiply(CpuKernel kernel, int row, int rows)
        {
            _quantized.Quantize(_x.Data, _matrix.Layout.BlocksPerRow, _matrix.Layout.Format.Bits, kernel.BlocksPerVector);
            float[] y = new float[rows + 1];
            y[rows] = 42f;
            fixed (float* output = y)
            {
                kernel.MultiplyInteger(_matrix.View, row, rows, _quantized, output);
            }

            Assert.Equal(42f, y[rows]);
            return y[..rows];
        }

        public void Dispose()
        {
            _matrix.Dispose();
            _x.Dispose();
            _quantized.Dispose();
            Assert.Equal(0, _ledger.Usage.TotalBytes);
        }
    }
}
