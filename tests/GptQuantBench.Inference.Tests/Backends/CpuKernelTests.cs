using CsCheck;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>
/// The contract of every kernel implementation, against FP64 sums of the plainly unpacked weights and, for quantised weights, of inputs
/// rounded by the rule as it is written, whose integers are exact.
/// </summary>
public unsafe class CpuKernelTests
{
    private static readonly (int Rows, int Columns)[] _shapes =
        [(1, 1), (1, 31), (2, 32), (3, 33), (4, 64), (5, 192), (7, 100), (13, 257), (16, 320), (66, 768), (9, 3072), (17, 4200)];

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
    public void Multiplies_a_matrix_and_a_vector(string name, string format)
    {
        foreach ((int rows, int columns) in _shapes)
        {
            using TileCase test = new(Kernels.Get(name), QuantizationFormat.Parse(format), rows, columns, tokens: 1);
            Assert.InRange(test.WorstShare(0, test.Layout.Tiles), 0, Tolerances.KernelShare);
        }
    }

    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void Multiplies_a_matrix_and_some_vectors(string name, string format)
    {
        for (int tokens = 2; tokens <= 13; tokens++)
        {
            using TileCase test = new(Kernels.Get(name), QuantizationFormat.Parse(format), 19 + tokens, 65 + (32 * tokens), tokens);
            Assert.InRange(test.WorstShare(0, test.Layout.Tiles), 0, Tolerances.KernelShare);
        }
    }

    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void Starts_and_ends_at_any_tile(string name, string format)
    {
        foreach (int tokens in new[] { 1, 2 })
        {
            // Single inputs may take several tiles at once: ranges shorter than that, of a whole number of them, and with some left.
            using TileCase test = new(Kernels.Get(name), QuantizationFormat.Parse(format), 203, 160, tokens);
            foreach (int tiles in new[] { 1, 2, 3, 4, 7, 11, test.Layout.Tiles - 1 })
            {
                Assert.InRange(test.WorstShare(1, tiles), 0, Tolerances.KernelShare);
            }

            Assert.InRange(test.WorstShare(test.Layout.Tiles - 1, 1), 0, Tolerances.KernelShare);
        }
    }

    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void Unpacks_every_value_exactly(string name, string format)
    {
        CpuKernel kernel = Kernels.Get(name);
        const int rows = 21;
        foreach (int columns in new[] { 1, 32, 100, 257 })
        {
            using TileCase test = new(kernel, QuantizationFormat.Parse(format), rows, columns, tokens: 1);
            int blocks = test.Layout.Packed.BlocksPerRow;
            int tile = test.Layout.Tiles - 1;
            for (int block = 0; block < blocks; block++)
            {
                float[] panel = new float[(blocks - block) * 32 * kernel.Lanes];
                fixed (float* output = panel)
                {
                    kernel.Unpack(test.Matrix.View, tile, block, blocks - block, output, kernel.Lanes);
                }

                for (int row = tile * kernel.Lanes; row < rows; row++)
                {
                    int lane = row % kernel.Lanes;
                    float[] unpacked = [.. Enumerable.Range(block * 32, columns - (block * 32)).Select(column => panel[((column - (block * 32)) * kernel.Lanes) + lane])];
                    Assert.Equal(test.Unpacked.AsSpan((row * columns) + (block * 32), unpacked.Length).ToArray(), unpacked);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void A_row_out_of_the_tiles_is_the_row_that_went_in(string name, string format)
    {
        const int columns = 100;
        using TileCase test = new(Kernels.Get(name), QuantizationFormat.Parse(format), 21, columns, tokens: 1);
        float[] row = new float[test.Layout.Packed.PaddedColumns];
        for (int i = 0; i < 21; i++)
        {
            fixed (float* values = row)
            {
                test.Matrix.GetRow(i, values);
            }

            Assert.Equal(test.Unpacked.AsSpan(i * columns, columns), row.AsSpan(0, columns));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Multiplies_panels_of_any_size(string name) => MultipliesPanels(name, isHalf: false);

    [Theory]
    [MemberData(nameof(Names))]
    public void Multiplies_panels_of_halves(string name) => MultipliesPanels(name, isHalf: true);

    private static void MultipliesPanels(string name, bool isHalf)
    {
        CpuKernel kernel = Kernels.Get(name);
        Gen.Select(Gen.Int[1, 150], Gen.Int[1, kernel.PanelTokens], Gen.Int[1, 150], Gen.Bool).Sample((rows, tokens, columns, adds) =>
        {
            int vectors = (rows + kernel.Lanes - 1) / kernel.Lanes, width = kernel.PanelWidth(tokens);
            float[] w = TileCase.Values(rows * columns, 1), x = TileCase.Values(tokens * columns, 2);
            float[] panel = new float[vectors * columns * kernel.Lanes], turned = new float[columns * width];
            for (int i = 0; i < w.Length; i++)
            {
                (int row, int column) = Math.DivRem(i, columns);
                panel[(((row / kernel.Lanes * columns) + column) * kernel.Lanes) + (row % kernel.Lanes)] = w[i];
            }

            for (int i = 0; i < x.Length; i++)
            {
                turned[(i % columns * width) + (i / columns)] = x[i];
            }

            float[] y = new float[(tokens * (rows + 3)) + 1];
            Array.Fill(y, adds ? 0f : 7f);
            Half[] halves = [.. panel.Select(value => (Half)value)];
            fixed (float* a = panel, b = turned, c = y)
            fixed (Half* half = halves)
            {
                if (isHalf)
                {
                    kernel.MultiplyHalfPanel(half, kernel.Lanes, columns * kernel.Lanes, columns, b, tokens, c, rows + 3, rows, adds);
                    w = [.. w.Select(value => (float)(Half)value)];
                }
                else
                {
                    kernel.MultiplyPanel(a, kernel.Lanes, columns * kernel.Lanes, columns, b, tokens, c, rows + 3, rows, adds);
                }
            }

            float[] products = [.. y[..^1].Chunk(rows + 3).SelectMany(token => token[..rows])];
            bool isRestUntouched = y[..^1].Chunk(rows + 3).SelectMany(token => token[rows..]).All(value => value == (adds ? 0f : 7f));
            return isRestUntouched && KernelComparison.WorstShare(w, x, products, columns) <= Tolerances.KernelShare;
        }, iter: 300);
    }

    /// <summary>One block and a scale of 1: what every instruction set computes is the same integer.</summary>
    [Theory]
    [InlineData("int8-row-sym", 127, 32767f)]
    [InlineData("int8-g32-sym", 127, 32767f)]
    [InlineData("int4-g32-sym", -8, 127f)]
    public void Largest_codes_and_activations_do_not_overflow(string format, int largest, float input)
    {
        foreach (CpuKernel kernel in CpuKernels.All.Where(kernel => kernel.IsSupported))
        {
            float[] weights = new float[32], inputs = new float[32];
            Array.Fill(weights, largest);
            Array.Fill(inputs, -input);
            using TileCase test = new(kernel, QuantizationFormat.Parse(format), weights, inputs, 32);
            Assert.Equal(-input * 32 * largest, test.Multiply(0, 1, adds: false)[0]);
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
            foreach (QuantizationFormat format in QuantizationFormat.All)
            {
                float[] weights = new float[70], inputs = new float[70];
                Array.Fill(weights, 1f);
                inputs[40] = bad;
                using TileCase test = new(kernel, format, weights, inputs, 70);
                Assert.False(float.IsFinite(test.Multiply(0, 1, adds: false)[0]));
            }
        }
    }

    [Fact]
    public void Rounding_is_the_rule_as_it_is_written()
    {
        foreach (InputForm form in new[] { InputForm.Int16, InputForm.Int8 })
        {
            foreach (float magnitude in new[] { 0f, 1e-38f, 1e-29f, 1e-3f, 1f, 1e4f, 3e38f })
            {
                float[] values = [.. TileCase.Values(96, 5).Select(value => value * magnitude)];
                float[] rounded = [.. values];
                fixed (float* x = rounded)
                {
                    InputRounding.Round(form, x, 3);
                }

                Assert.Equal(TileCase.PlainlyRounded(values, form), rounded);
            }
        }
    }

    [Fact]
    public void The_comparison_sees_one_wrong_code()
    {
        foreach (QuantizationFormat format in QuantizationFormat.All)
        {
            using TileCase test = new(CpuKernels.All[^1], format, 8, 768, tokens: 1);
            Assert.InRange(test.WorstShare(0, test.Layout.Tiles), 0, Tolerances.KernelShare);

            // The lowest bit of one code (of a half: of its 7th significant digit).
            test.Matrix.View.Tile(1)[test.Layout.WordsOffset(3) + 4] ^= (byte)(format.Bits == 16 ? 0x10 : 0x01);
            Assert.True(test.WorstShare(0, test.Layout.Tiles) > Tolerances.KernelShare, $"{format.Name}: a wrong code was not seen.");
        }
    }
}
