using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CsCheck;
using GptQuantBench.Inference.Checkpoints;

namespace GptQuantBench.Inference.Tests.Checkpoints;

public sealed class FloatConversionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_FP16_value_is_widened_as_Half_is()
    {
        (byte[] source, float[] widened) = AllPatterns();
        FloatConversion.FromFloat16(source, widened);
        for (int bits = 0; bits < widened.Length; bits++)
        {
            AssertSame((float)BitConverter.UInt16BitsToHalf((ushort)bits), widened[bits], bits);
        }
    }

    [Fact]
    public void Every_BF16_value_is_the_upper_half_of_a_float()
    {
        (byte[] source, float[] widened) = AllPatterns();
        FloatConversion.FromBFloat16(source, widened);
        for (int bits = 0; bits < widened.Length; bits++)
        {
            AssertSame(BitConverter.UInt32BitsToSingle((uint)bits << 16), widened[bits], bits);
        }
    }

    [Theory]
    [InlineData(0x0001, 5.9604645e-8f)]
    [InlineData(0x03FF, 6.0975552e-5f)]
    [InlineData(0x0400, 6.1035156e-5f)]
    [InlineData(0x3C00, 1f)]
    [InlineData(0x7BFF, 65504f)]
    [InlineData(0x7C00, float.PositiveInfinity)]
    [InlineData(0xFC00, float.NegativeInfinity)]
    [InlineData(0x7E00, float.NaN)]
    public void FP16_landmarks_have_their_values(int bits, float expected)
    {
        byte[] source = new byte[2 * 64];
        for (int i = 0; i < 64; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(source.AsSpan(2 * i), (ushort)bits);
        }

        float[] widened = new float[64];
        FloatConversion.FromFloat16(source, widened);
        Assert.All(widened, value => Assert.Equal(expected, value));
    }

    [Theory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void Any_part_of_a_tensor_equals_that_part_of_the_whole(string type)
    {
        const int Count = 1003;
        float[] values = [.. Enumerable.Range(0, Count).Select(i => i - 500f)];
        int size = type == "F32" ? 4 : 2;
        byte[] data = new byte[Count * size];
        for (int i = 0; i < Count; i++)
        {
            Span<byte> place = data.AsSpan(i * size);
            switch (type)
            {
                case "F32":
                    BinaryPrimitives.WriteSingleLittleEndian(place, values[i]);
                    break;
                case "F16":
                    BinaryPrimitives.WriteHalfLittleEndian(place, (Half)values[i]);
                    break;
                default:
                    values[i] = i % 256;
                    BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16));
                    break;
            }
        }

        // The byte before moves the floats to odd addresses.
        string path = _folder["odd.safetensors"];
        TestCheckpoints.Write(path, [("pad", "U8", [1], [1]), ("t", type, [17, 59], data)]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        CheckpointTensor tensor = file.Tensors["t"];
        Gen.Select(Gen.Int[0, Count], Gen.Int[0, Count]).Sample(
            (start, length) =>
            {
                length = Math.Min(length, Count - start);
                float[] read = new float[length];
                tensor.ReadFloats(start, read);
                Assert.Equal(values[start..(start + length)], read);
            },
            iter: 500);
    }

    [Fact]
    public void Elements_outside_the_tensor_are_not_read()
    {
        string path = _folder["small.safetensors"];
        TestCheckpoints.Write(path, [("t", "F32", [4], new byte[16]), ("other", "I32", [1], new byte[4])]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Tensors["t"].ReadFloats(-1, new float[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Tensors["t"].ReadFloats(1, new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Tensors["t"].ReadFloats(long.MaxValue, new float[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Tensors["t"].ReadFloats(5, []));
        Assert.Throws<InvalidOperationException>(() => file.Tensors["other"].ReadFloats(0, new float[1]));
    }

    /// <summary>All 65536 bit patterns, and room for their values.</summary>
    private static (byte[] Source, float[] Widened) AllPatterns()
    {
        ushort[] patterns = [.. Enumerable.Range(0, 65536).Select(bits => (ushort)bits)];
        return (MemoryMarshal.AsBytes<ushort>(patterns).ToArray(), new float[65536]);
    }

    private static void AssertSame(float expected, float actual, int bits)
    {
        bool isSame = float.IsNaN(expected)
            ? float.IsNaN(actual) && float.IsNegative(expected) == float.IsNegative(actual)
            : BitConverter.SingleToUInt32Bits(expected) == BitConverter.SingleToUInt32Bits(actual);
        Assert.True(isSame, $"0x{bits:x4} became {actual:R}, expected {expected:R}");
    }
}
