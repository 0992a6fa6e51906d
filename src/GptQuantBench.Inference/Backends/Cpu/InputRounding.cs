using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
            to.Scales[block * step] = Scale(x, LargestInt16, out Vector256<float> inverse);
            Put(Vector256.Narrow(Integers(x, inverse), Integers(x + 8, inverse)).AsInt64(), values, step);
            Put(Vector256.Narrow(Integers(x + 16, inverse), Integers(x + 24, inverse)).AsInt64(), values + (4 * step), step);
        }
    }

    /// <summary>With what products with 4-bit codes need beside: see <see cref="PreparedVectors"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToInt8(float* x, int blocks, in PreparedVectors to, int step)
    {
        long* values = to.Values;
        for (int block = 0; block < blocks; block++, x += PackedLayout.BlockColumns, values += 4 * step)
        {
            float scale = Scale(x, LargestInt8, out Vector256<float> inverse);
            Vector256<int> a = Integers(x, inverse), b = Integers(x + 8, inverse), c = Integers(x + 16, inverse), d = Integers(x + 24, inverse);
            Put(Vector256.Narrow(Vector256.Narrow(a, b), Vector256.Narrow(c, d)).AsInt64(), values, step);
            Vector256<int> eights = (a + b) + (c + d);
            Vector128<int> fours = eights.GetLower() + eights.GetUpper();
            int first = fours[0] + fours[1], second = fours[2] + fours[3];
            to.Scales[block * step] = scale;
            to.Offsets[block * step] = (-8 * first & 0xFFFF) | (-8 * second << 16);
            to.Sums[block * step] = scale * (first + second);
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
            Vector256<float> scale = Vector256.Create(Scale(x, largest, out Vector256<float> inverse));
            for (int i = 0; i < PackedLayout.BlockColumns; i += 8)
            {
                (Vector256.ConvertToSingle(Integers(x + i, inverse)) * scale).Store(x + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Scale(float* x, float most, out Vector256<float> inverse)
    {
        // Magnitudes order as integers do, NaN above infinity.
        Vector256<int> maxima = Vector256.Max(
            Vector256.Max(Magnitudes(x), Magnitudes(x + 8)), Vector256.Max(Magnitudes(x + 16), Magnitudes(x + 24)));
        Vector128<int> four = Vector128.Max(maxima.GetLower(), maxima.GetUpper());
        float largest = BitConverter.Int32BitsToSingle(Math.Max(Math.Max(four[0], four[1]), Math.Max(four[2], four[3])));

        // Below this the inverse would overflow; such a block is zero beside any other. What is not finite must stay visible.
        if (!(largest >= 1e-30f && largest <= float.MaxValue))
        {
            inverse = Vector256<float>.Zero;
            return largest < 1e-30f ? 0f : float.NaN;
        }

        inverse = Vector256.Create(most / largest);
        return largest / most;
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Integers(float* x, Vector256<float> inverse) =>
        Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(x) * inverse));
}
