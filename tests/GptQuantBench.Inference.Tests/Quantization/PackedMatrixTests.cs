using System.Buffers.Binary;
using CsCheck;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Quantization;

public class PackedMatrixTests
{
    public static TheoryData<string> Formats => [.. QuantizationFormat.All.Select(format => format.Name)];

    // Widths around blocks and groups, values of very different size, exact zeros and equal magnitudes among them.
    private static Gen<float[][]> Matrices =>
        from rows in Gen.Int[1, 7]
        from columns in Gen.OneOf(Gen.Int[1, 70], Gen.OneOf(96, 127, 128, 129, 160, 192, 257))
        from size in Gen.OneOf(1e-7f, 1e-3f, 0.05f, 1f, 900f)
        from values in Gen.OneOf(Gen.Float[-1f, 1f], Gen.OneOf(0f, 0.5f, -0.5f, 1f, -1f)).Array[columns].Array[rows]
        select values.Select(row => row.Select(value => value * size).ToArray()).ToArray();

    [Theory]
    [MemberData(nameof(Formats))]
    public void Packing_follows_the_documented_rules_bit_for_bit(string name)
    {
        QuantizationFormat format = QuantizationFormat.Parse(name);
        Matrices.Sample(matrix =>
        {
            float[] unpacked = Unpacked(format, matrix);
            float[] expected = [.. matrix.SelectMany(row => ReferencePacker.RoundTrip(format, row))];

            // −0 and 0 are the same weight.
            return unpacked.Zip(expected).All(pair => pair.First == pair.Second);
        }, iter: 300);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_error_of_a_value_is_bounded_by_the_step_of_its_group(string name)
    {
        QuantizationFormat format = QuantizationFormat.Parse(name);
        Matrices.Sample(matrix =>
        {
            float[] unpacked = Unpacked(format, matrix);
            int columns = matrix[0].Length;
            for (int row = 0; row < matrix.Length; row++)
            {
                int group = format.GroupSize == QuantizationFormat.WholeRow ? columns : format.GroupSize;
                for (int column = 0; column < columns; column++)
                {
                    float[] part = matrix[row][(column / group * group)..Math.Min(columns, ((column / group) + 1) * group)];
                    double error = Math.Abs((double)unpacked[(row * columns) + column] - matrix[row][column]);
                    if (error > Bound(format, part, matrix[row][column]))
                    {
                        return false;
                    }
                }
            }

            return true;
        }, iter: 200);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Bytes_held_are_the_bytes_promised(string name)
    {
        QuantizationFormat format = QuantizationFormat.Parse(name);
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 300]).Sample((rows, columns) =>
        {
            MemoryLedger ledger = new();
            using PackedMatrix matrix = new(ledger, new PackedLayout(format, rows, columns));
            return ledger.Usage.WeightBytes == format.Bytes(rows, columns)
                && matrix.Codes.Length + matrix.Scales.Length + matrix.Minima.Length == format.Bytes(rows, columns);
        }, iter: 100);
    }

    [Fact]
    public void Int4_has_column_j_low_and_column_j_plus_16_high()
    {
        // The largest magnitude is −8, so the scale is 1 and a value v has the code v + 8.
        float[] row = [.. Enumerable.Range(0, 32).Select(column => (float)((column * 5 % 16) - 8))];
        using PackedMatrix matrix = PackedMatrix.Quantize(new MemoryLedger(), QuantizationFormat.Parse("int4-g32-sym"), 1, 32, row, "test");
        Assert.Equal(1f, (float)BinaryPrimitives.ReadHalfLittleEndian(matrix.Scales));
        for (int j = 0; j < 16; j++)
        {
            Assert.Equal(((int)row[j] + 8) | (((int)row[j + 16] + 8) << 4), matrix.Codes[j]);
        }
    }

    [Fact]
    public void Int8_rounds_ties_to_even()
    {
        float[] row = [127f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, -127f];
        using PackedMatrix matrix = PackedMatrix.Quantize(new MemoryLedger(), QuantizationFormat.EightBit, 1, row.Length, row, "test");
        sbyte[] codes = [.. matrix.Codes[..row.Length].ToArray().Select(code => (sbyte)code)];
        Assert.Equal([127, 0, 2, 2, 0, -2, -2, -127], codes);
        Assert.All(matrix.Codes[row.Length..].ToArray(), code => Assert.Equal(0, code));
    }

    [Fact]
    public void The_first_of_two_largest_magnitudes_gives_the_sign()
    {
        using PackedMatrix first = PackedMatrix.Quantize(new MemoryLedger(), QuantizationFormat.Parse("int4-g32-sym"), 1, 3, [0f, 8f, -8f], "test");
        using PackedMatrix second = PackedMatrix.Quantize(new MemoryLedger(), QuantizationFormat.Parse("int4-g32-sym"), 1, 3, [0f, -8f, 8f], "test");
        Assert.Equal(-1f, (float)BinaryPrimitives.ReadHalfLittleEndian(first.Scales));
        Assert.Equal(1f, (float)BinaryPrimitives.ReadHalfLittleEndian(second.Scales));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_row_of_zeros_stays_zero(string name)
    {
        Assert.All(Unpacked(QuantizationFormat.Parse(name), [new float[45]]), value => Assert.Equal(0f, value));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Values_that_are_not_finite_are_refused_by_name(string name)
    {
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            float[] values = new float[80];
            values[77] = bad;
            MemoryLedger ledger = new();
            ModelFormatException exception = Assert.Throws<ModelFormatException>(
                () => PackedMatrix.Quantize(ledger, QuantizationFormat.Parse(name), 2, 40, values, "Tensor 'w' of f.safetensors"));
            Assert.StartsWith("Tensor 'w' of f.safetensors holds NaN or infinity in output 1", exception.Message, StringComparison.Ordinal);
            Assert.Equal(0, ledger.Usage.TotalBytes);
        }
    }

    [Theory]
    [InlineData("FP16", 65505f)]
    [InlineData("int4-g32-sym", 8f * 65530f)]
    [InlineData("int4-g32-asym", -70000f)]
    [InlineData("int8-g32-sym", 127f * 65530f)]
    public void Values_beyond_fp16_are_refused_by_name(string format, float value)
    {
        ModelFormatException exception = Assert.Throws<ModelFormatException>(
            () => PackedMatrix.Quantize(new MemoryLedger(), QuantizationFormat.Parse(format), 1, 2, [0f, value], "Tensor 'w'"));
        Assert.Contains("beyond FP16's largest value of 65504; choose 8-bit for this model.", exception.Message, StringComparison.Ordinal);
        Assert.StartsWith("Tensor 'w' holds", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_largest_half_is_kept_and_8_bit_takes_what_fp16_cannot()
    {
        Assert.Equal([65504f, -65504f], Unpacked(QuantizationFormat.Fp16, [[65504f, -65504f]]));
        Assert.Equal([1e30f], Unpacked(QuantizationFormat.EightBit, [[1e30f]]), (a, b) => MathF.Abs(a - b) <= 1e24f);
    }

    [Fact]
    public void An_error_is_measured()
    {
        QuantizationError error = QuantizationError.Between([3f, 4f, 0f, 0f], [3f, 3f, 0f, 1f]);
        Assert.Equal(1.0, error.Maximum);
        Assert.Equal(Math.Sqrt(0.5), error.RootMeanSquare, 12);
        Assert.Equal(2.0 / 25, error.NormalizedMeanSquare, 12);
        Assert.Equal(default, QuantizationError.Between([0f], [0f]));
        Assert.True(double.IsNaN(QuantizationError.Between([1f, 2f], [float.NaN, 2f]).Maximum));
    }

    [Fact]
    public void More_bits_and_smaller_groups_cost_less_error()
    {
        Random random = new(5);
        float[] row = [.. Enumerable.Range(0, 1024).Select(_ => (float)(random.NextDouble() + random.NextDouble() - 1))];
        double[] errors =
        [
            .. new[] { "fp16", "int8-g32-sym", "int8-row-sym", "int4-g32-asym", "int4-g128-asym" }
                .Select(name => QuantizationError.Between(row, Unpacked(QuantizationFormat.Parse(name), [row])).NormalizedMeanSquare),
        ];
        Assert.Equal(errors.Order(), errors);
        Assert.InRange(errors[^1], 1e-4, 1e-2);
    }

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        QuantizationFormat format = QuantizationFormat.Parse("int4-g32-sym");
        Assert.Throws<ArgumentOutOfRangeException>(() => PackedMatrix.Quantize(new MemoryLedger(), format, 2, 3, new float[7], "test"));
        using PackedMatrix matrix = PackedMatrix.Quantize(new MemoryLedger(), format, 2, 3, new float[6], "test");
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.SetRow(0, new float[2], "test"));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.SetCodes(0, new byte[4], [Half.One], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.GetRow(0, new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Dequantize(new float[7]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PackedLayout(format, 0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PackedLayout(format, 2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => QuantizationError.Between([1f], [1f, 2f]));
    }

    /// <summary>What a file holds where packed matrices stand, and no packer writes.</summary>
    [Theory]
    [InlineData("int4-g32-asym", 0, float.NaN, 1f)]
    [InlineData("int4-g32-asym", 0, 1f, float.PositiveInfinity)]
    [InlineData("int4-g32-sym", 0, float.NegativeInfinity, 0f)]
    [InlineData("8-bit", 0, float.NaN, 0f)]
    [InlineData("8-bit", 0x80, 1f, 0f)]
    [InlineData("int8-g32-sym", 0x80, 1f, 0f)]
    public void Parts_that_no_packer_writes_are_refused(string name, byte code, float scale, float minimum)
    {
        QuantizationFormat format = QuantizationFormat.Parse(name);
        using PackedMatrix matrix = new(new MemoryLedger(), new PackedLayout(format, 1, 32));
        byte[] scales = Bytes(scale, matrix.Layout.ScaleBytes), minima = Bytes(minimum, matrix.Layout.MinimumBytes), codes = new byte[matrix.Layout.CodeBytes];
        codes[^1] = code;
        Assert.Equal(
            "Tensor 'w' or its scales hold values that no packer writes, expected finite scales and codes in range; use an undamaged file.",
            Assert.Throws<ModelFormatException>(() => matrix.SetParts(codes, scales, minima, "Tensor 'w'")).Message);
        matrix.SetParts(new byte[codes.Length], Bytes(1f, scales.Length), Bytes(1f, minima.Length), "Tensor 'w'");

        static byte[] Bytes(float value, long length) => length switch
        {
            0 => [],
            sizeof(float) => BitConverter.GetBytes(value),
            _ => BitConverter.GetBytes((Half)value),
        };
    }

    /// <summary>
    /// Kernels read whole blocks: what a row lacks must mean nothing, whatever the memory held. 0 in FP16 and 8-bit; 4-bit codes 8 where
    /// symmetric (8 − 8 = 0), else 0.
    /// </summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void What_the_last_block_lacks_means_nothing(string name)
    {
        QuantizationFormat format = QuantizationFormat.Parse(name);
        foreach (int columns in new[] { 1, 5, 16, 17, 20, 31, 40, 63 })
        {
            float[] row = [.. Enumerable.Range(0, columns).Select(column => (column % 7) - 3f)];
            using PackedMatrix packed = Spoiled(format, columns);
            packed.SetRow(0, row, "test");
            AssertAbsent(packed, columns);
            if (format.Bits == 4)
            {
                using PackedMatrix set = Spoiled(format, columns);
                byte[] codes = [.. Enumerable.Range(0, columns).Select(column => (byte)(column % 16))];
                Half[] scales = [.. Enumerable.Repeat(Half.One, set.Layout.GroupsPerRow)];
                set.SetCodes(0, codes, scales, format.IsSymmetric ? [] : scales);
                AssertAbsent(set, columns);
                float[] values = new float[columns];
                set.GetRow(0, values);
                Assert.Equal(codes.Select(code => code + (format.IsSymmetric ? -8f : 1f)), values);
            }
        }

        static PackedMatrix Spoiled(QuantizationFormat format, int columns)
        {
            PackedMatrix matrix = new(new MemoryLedger(), new PackedLayout(format, 1, columns));
            byte[] codes = new byte[matrix.Layout.CodeBytes];
            Array.Fill(codes, (byte)0x55);
            matrix.SetParts(codes, new byte[matrix.Layout.ScaleBytes], new byte[matrix.Layout.MinimumBytes], "test");
            return matrix;
        }

        static void AssertAbsent(PackedMatrix matrix, int columns)
        {
            QuantizationFormat format = matrix.Layout.Format;
            for (int column = columns; column < matrix.Layout.PaddedColumns; column++)
            {
                int code = format.Bits switch
                {
                    16 => BinaryPrimitives.ReadUInt16LittleEndian(matrix.Codes[(2 * column)..]),
                    8 => matrix.Codes[column],
                    _ => (matrix.Codes[(column / 32 * 16) + (column % 16)] >> (column % 32 < 16 ? 0 : 4)) & 15,
                };
                Assert.True(code == (format is { Bits: 4, IsSymmetric: true } ? 8 : 0), $"Column {column} of {columns}: {code}.");
            }
        }
    }

    private static float[] Unpacked(QuantizationFormat format, float[][] rows)
    {
        int columns = rows[0].Length;
        using PackedMatrix matrix = PackedMatrix.Quantize(
            new MemoryLedger(), format, rows.Length, columns, rows.SelectMany(row => row).ToArray(), "test");
        float[] values = new float[rows.Length * columns];
        matrix.Dequantize(values);
        return values;
    }

    /// <summary>
    /// Half a step, and what rounding scale and minimum to FP16 costs (2^-11 relative, 2^-25 absolute) times the largest code.
    /// </summary>
    private static double Bound(QuantizationFormat format, float[] group, float value)
    {
        const double relative = 1.0 / 2048, absolute = 1.0 / (1 << 25);
        double magnitude = group.Max(v => Math.Abs((double)v));
        double range = (double)group.Max() - group.Min();
        return format switch
        {
            { Bits: 16 } => (Math.Abs((double)value) * relative) + absolute,
            { Bits: 8, GroupSize: QuantizationFormat.WholeRow } => (magnitude / 127 * 0.5001) + (127 * (double)float.Epsilon),
            { Bits: 8 } => (magnitude / 127 * (0.5 + (127 * relative))) + (128 * absolute),

            // The value opposite to the largest would need code 16 and is clamped to 15: a whole step.
            { IsSymmetric: true } => (magnitude / 8 * (1 + (8 * relative))) + (9 * absolute),
            _ => (range / 15 * (0.5 + (15 * relative))) + (magnitude * relative) + (17 * absolute),
        };
    }
}
