using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// Input vectors as integers. Per block of 32 columns: scale = absmax / M, integer = round(x · (M / absmax)), ties to even; M is 32767
/// or 127. A block of zeros has scale 0. Compiled for speed at once: vectors in code that is not optimised yet take a hundred times as
/// long, and a first token may come before that is.
/// </summary>
internal static unsafe class InputRounding
{
    private const float LargestInt16 = short.MaxValue;
    private const float LargestInt8 = sbyte.MaxValue;

    /// <summary>Multiplies by a power of two.</summary>
    /// <param name="x">FP32 [blocks × 32].</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="factor">The power.</param>
    /// <param name="to">Receives the vector.</param>
    /// <param name="step">Vectors of the group.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, int blocks, float factor, in PreparedVectors to, int step)
    {
        Vector256<float> factors = Vector256.Create(factor);
        long* values = to.Values;
        for (float* end = x + (blocks * PackedLayout.BlockColumns); x < end; x += 8, values += 4 * step)
        {
            Put((Vector256.Load(x) * factors).AsInt64(), values, step);
        }
    }

    /// <summary>32 · 32767 · 127 fits an int, so the sum of a block with 8-bit codes is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToInt16(float* x, int blocks, in PreparedVectors to, int step)
    {
        long* values = to.Values;
        for (int block = 0; block < blocks; block++, x += PackedLayout.BlockColumns, values += 8 * step)
        {
            (Vector128<float> scale, Vector256<float> inverse) = Scale(x, LargestInt16);
            to.Scales[block * step] = scale.ToScalar();
            Put(Narrow(Integers(x, inverse), Integers(x + 8, inverse)).AsInt64(), values, step);
            Put(Narrow(Integers(x + 16, inverse), Integers(x + 24, inverse)).AsInt64(), values + (4 * step), step);
        }
    }

    /// <summary>With what products with 4-bit codes need beside: see <see cref="PreparedVectors"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToInt8(float* x, int blocks, in PreparedVectors to, int step)
    {
        long* values = to.Values;
        for (int block = 0; block < blocks; block++, x += PackedLayout.BlockColumns, values += 4 * step)
        {
            (Vector128<float> scale, Vector256<float> inverse) = Scale(x, LargestInt8);
            Vector256<int> a = Integers(x, inverse), b = Integers(x + 8, inverse), c = Integers(x + 16, inverse), d = Integers(x + 24, inverse);
            Put(Narrow(a, b, c, d).AsInt64(), values, step);

            // Lanes of neighbours: 0 and 1 of each four are a first pair, 2 and 3 a second.
            Vector256<int> eights = (a + b) + (c + d);
            Vector128<int> fours = eights.GetLower() + eights.GetUpper();
            Vector128<int> pairs = fours + Vector128.Shuffle(fours, Vector128.Create(1, 0, 3, 2));
            Vector128<int> offsets = pairs * -8;
            to.Scales[block * step] = scale.ToScalar();
            to.Offsets[block * step] = (offsets[0] & 0xFFFF) | (offsets[2] << 16);
            to.Sums[block * step] = scale.ToScalar() * (pairs[0] + pairs[2]);
        }
    }

    /// <summary>Replaces values by what their integers stand for, so that many inputs at once see what single ones see.</summary>
    /// <param name="form">How they would be rounded.</param>
    /// <param name="x">FP32 [blocks × 32].</param>
    /// <param name="blocks">Blocks.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(InputForm form, float* x, int blocks)
    {
        float largest = form == InputForm.Int16 ? LargestInt16 : LargestInt8;
        for (int block = 0; block < blocks; block++, x += PackedLayout.BlockColumns)
        {
            (Vector128<float> few, Vector256<float> inverse) = Scale(x, largest);
            Vector256<float> scale = Vector256.Create(few, few);
            for (int i = 0; i < PackedLayout.BlockColumns; i += 8)
            {
                (Vector256.ConvertToSingle(Integers(x + i, inverse)) * scale).Store(x + i);
            }
        }
    }

    /// <summary>What a block's integers are multiplied with, and what makes them, in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<float> Scale, Vector256<float> Inverse) Scale(float* x, float most)
    {
        // Magnitudes order as integers do, NaN above infinity.
        Vector256<int> maxima = Vector256.Max(
            Vector256.Max(Magnitudes(x), Magnitudes(x + 8)), Vector256.Max(Magnitudes(x + 16), Magnitudes(x + 24)));
        Vector128<int> four = Vector128.Max(maxima.GetLower(), maxima.GetUpper());
        four = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        Vector128<float> largest = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(1, 0, 3, 2))).AsSingle();

        // Below this the inverse would overflow; such a block is zero beside any other. What is not finite must stay visible.
        Vector128<float> isZero = Vector128.LessThan(largest, Vector128.Create(1e-30f));
        Vector128<float> isUsual = Vector128.AndNot(Vector128.LessThanOrEqual(largest, Vector128.Create(float.MaxValue)), isZero);
        Vector128<float> scale = Vector128.ConditionalSelect(isUsual, largest / most, Vector128.AndNot(Vector128.Create(float.NaN), isZero));
        Vector128<float> inverse = (Vector128.Create(most) / largest) & isUsual;
        return (scale, Vector256.Create(inverse, inverse));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector256<long> values, long* to, int step)
    {
        if (step == 1)
        {
            values.Store(to);
            return;
        }

        to[0] = values[0];
        to[step] = values[1];
        to[2 * step] = values[2];
        to[3 * step] = values[3];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Magnitudes(float* x) => Vector256.Abs(Vector256.Load(x)).AsInt32();

    /// <summary>Rounded to the nearest, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Integers(float* x, Vector256<float> inverse)
    {
        Vector256<float> values = Vector256.Load(x) * inverse;
        return Avx.IsSupported ? Avx.ConvertToVector256Int32(values) : Vector256.ConvertToInt32Native(Vector256.Round(values));
    }

    /// <summary>Integers that fit 16 bits, in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Narrow(Vector256<int> a, Vector256<int> b) => Avx2.IsSupported
        ? Avx2.Permute4x64(Avx2.PackSignedSaturate(a, b).AsInt64(), 0b11_01_10_00).AsInt16()
        : Vector256.Narrow(a, b);

    /// <summary>Integers that fit 8 bits, in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Narrow(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        if (!Avx2.IsSupported)
        {
            return Vector256.Narrow(Vector256.Narrow(a, b), Vector256.Narrow(c, d));
        }

        // Packing works within halves of a register.
        Vector256<sbyte> halves = Avx2.PackSignedSaturate(Avx2.PackSignedSaturate(a, b), Avx2.PackSignedSaturate(c, d));
        return Avx2.PermuteVar8x32(halves.AsInt32(), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsSByte();
    }
}
