using System.Runtime.Intrinsics;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Quantization;

public unsafe class HalfVectorsTests
{
    private static readonly short[] _finite =
        [.. Enumerable.Range(0, 1 << 16).Select(i => (short)i).Where(bits => Half.IsFinite(BitConverter.Int16BitsToHalf(bits)))];

    // −0 may become 0: it is the same weight.
    private static readonly float[] _expected = [.. _finite.Select(bits => (float)BitConverter.Int16BitsToHalf(bits) + 0f)];

    /// <summary>Vectors of 16 and of 8, any count in vectors of 4 with a rest, and one by one.</summary>
    [Theory]
    [InlineData(512)]
    [InlineData(256)]
    [InlineData(128)]
    [InlineData(5)]
    [InlineData(1)]
    public void Every_finite_half_is_widened_exactly(int width)
    {
        Assert.Equal(63488, _finite.Length);
        float[] values = new float[_finite.Length];
        fixed (short* source = _finite)
        fixed (float* destination = values)
        {
            int step = width switch { 512 => 16, 256 => 8, 128 => _finite.Length, _ => width };
            for (int i = 0; i < _finite.Length; i += step)
            {
                switch (width)
                {
                    case 512:
                        HalfVectors.Widen(Vector256.Load(source + i)).Store(destination + i);
                        break;
                    case 256:
                        HalfVectors.Widen(Vector128.Load(source + i)).Store(destination + i);
                        break;
                    default:
                        HalfVectors.Widen((ushort*)source + i, Math.Min(step, _finite.Length - i), destination + i);
                        break;
                }
            }
        }

        Assert.Equal(_expected, values.Select(value => value + 0f));
    }

    /// <summary>The quicker way, for vectors in which no half is subnormal or zero.</summary>
    [Fact]
    public void Every_normal_half_is_widened_exactly()
    {
        short[] normal = [.. _finite.Where(bits => Half.IsNormal(BitConverter.Int16BitsToHalf(bits)))];
        Assert.Equal(2 * 30 * 1024, normal.Length);
        float[] wide = new float[normal.Length], narrow = new float[normal.Length];
        fixed (short* source = normal)
        fixed (float* wideAt = wide, narrowAt = narrow)
        {
            for (int i = 0; i < normal.Length; i += 16)
            {
                HalfVectors.WidenNormal(Vector256.Load(source + i)).Store(wideAt + i);
                HalfVectors.WidenNormal(Vector128.Load(source + i)).Store(narrowAt + i);
                HalfVectors.WidenNormal(Vector128.Load(source + i + 8)).Store(narrowAt + i + 8);
            }
        }

        float[] expected = [.. normal.Select(bits => (float)BitConverter.Int16BitsToHalf(bits))];
        Assert.Equal(expected, wide);
        Assert.Equal(expected, narrow);
    }

    /// <summary>One half of 32 that is subnormal or zero, of either sign, at each place.</summary>
    [Theory]
    [InlineData(0x0000, true)]
    [InlineData(0x8000, true)]
    [InlineData(0x0001, true)]
    [InlineData(0x83FF, true)]
    [InlineData(0x0400, false)]
    [InlineData(0x8400, false)]
    [InlineData(0x7BFF, false)]
    public void A_half_that_is_not_normal_is_seen(int bits, bool expected)
    {
        for (int place = 0; place < 32; place++)
        {
            short[] halves = [.. Enumerable.Range(0, 32).Select(i => i == place ? (short)bits : BitConverter.HalfToInt16Bits((Half)(i % 2 == 0 ? 1.5f : -2f)))];
            Assert.Equal(expected, HalfVectors.AnySubnormal(Vector512.Create<short>(halves)));
            Assert.Equal(expected, HalfVectors.AnySubnormal(Vector256.Create<short>(halves.AsSpan(0, 16)), Vector256.Create<short>(halves.AsSpan(16))));
        }
    }

    /// <summary>Every half, the floats next to it, those in the middle between it and the next, and what is next to that; beyond, too.</summary>
    [Fact]
    public void Narrowing_is_the_runtimes_conversion()
    {
        List<float> values = [float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.Epsilon];
        for (int bits = 0; bits < 0x7C00; bits++)
        {
            float half = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            float next = bits == 0x7BFF ? 65536f : (float)BitConverter.UInt16BitsToHalf((ushort)(bits + 1));
            float middle = (half + next) / 2;
            float[] around =
            [
                half, MathF.BitIncrement(half), MathF.BitDecrement(half), middle, MathF.BitIncrement(middle), MathF.BitDecrement(middle),
            ];
            values.AddRange([.. around, .. around.Select(value => -value)]);
        }

        float[] source = [.. values];
        Half[] halves = new Half[source.Length + 1];
        halves[^1] = Half.One;
        fixed (float* from = source)
        fixed (Half* to = halves)
        {
            HalfVectors.Narrow(from, source.Length, to);
        }

        Assert.Equal(source.Select(value => (Half)value), halves[..^1]);
        Assert.Equal(Half.One, halves[^1]);
    }
}
