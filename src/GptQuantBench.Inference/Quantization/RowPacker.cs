using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization;

/// <summary>
/// The rounding rules, in float32 operations that any device repeats bit for bit. All divisions are IEEE divisions (never a
/// multiplication by a reciprocal), <c>half()</c> rounds to the nearest FP16 (ties to even) and widens again, and <c>rint</c> rounds
/// ties to even.
/// <code>
/// int8 per row      scale = absmax / 127                       code = clamp(rint(v / scale), −127, 127)
/// int8 per group    scale = half(absmax / 127)                 code = clamp(rint(v / scale), −127, 127)
/// int4 symmetric    scale = half(largest / −8)                 code = clamp(rint(v / scale) + 8, 0, 15)
/// int4 asymmetric   minimum = half(min), scale = half((max − min) / 15)
///                                                              code = clamp(rint((v − minimum) / scale), 0, 15)
/// </code>
/// <c>largest</c> is the value of largest magnitude with its sign, the first in column order where several are equal. A scale of 0
/// gives the codes that mean 0 (asymmetric: the minimum). <c>max − min</c> uses the values before the minimum is rounded. Formats that
/// search take scale and minimum of 4-bit groups from <see cref="LeastSquaresScale"/>, and the codes by the same rule.
/// </summary>
internal static unsafe class RowPacker
{
    private const int Block = PackedLayout.BlockColumns;

    /// <summary>Packs one row.</summary>
    /// <param name="layout">Where the parts lie.</param>
    /// <param name="matrix">The addresses.</param>
    /// <param name="row">Which.</param>
    /// <param name="values">The row.</param>
    /// <param name="source">What the values are, for messages.</param>
    /// <exception cref="ModelFormatException">A value is NaN, infinite, or too large for the format.</exception>
    public static void Pack(in PackedLayout layout, in PackedMatrixView matrix, int row, ReadOnlySpan<float> values, string source)
    {
        float absoluteMaximum = MathF.Abs(TensorPrimitives.MaxMagnitude(values));
        if (!float.IsFinite(absoluteMaximum))
        {
            throw new ModelFormatException(
                $"{source} holds NaN or infinity in output {row}, where finite weights are expected; use an undamaged file.");
        }

        byte* codes = matrix.Codes + ((long)row * layout.CodeRowBytes);
        if (matrix.Bits == 16)
        {
            PackHalves(values, codes, layout.PaddedColumns, absoluteMaximum, row, source);
            return;
        }

        if (matrix.RowScales != null)
        {
            float scale = absoluteMaximum / 127f;
            matrix.RowScales[row] = scale;
            PackGroup8(values, (sbyte*)codes, scale);
            return;
        }

        int groupSize = layout.Format.GroupSize;
        bool searches = layout.Format.Search == ScaleSearch.LeastSquares;
        for (int group = 0; group < layout.GroupsPerRow; group++)
        {
            int start = group * groupSize;
            ReadOnlySpan<float> part = values.Slice(start, Math.Min(groupSize, values.Length - start));
            long index = ((long)row * layout.GroupsPerRow) + group;
            byte* partCodes = codes + ((long)start * matrix.Bits / 8);
            Half scale;
            if (matrix.Bits == 8)
            {
                scale = (Half)(MathF.Abs(Largest(part)) / 127f);
                PackGroup8(part, (sbyte*)partCodes, HalfVectors.Widen(scale));
            }
            else if (matrix.GroupMinima == null)
            {
                scale = (Half)(Largest(part) / -8f);
                scale = searches ? LeastSquaresScale.Symmetric(part, [], scale) : scale;
                PackGroup4Symmetric(part, partCodes, HalfVectors.Widen(scale));
            }
            else
            {
                float minimum = TensorPrimitives.Min(part);
                scale = (Half)((TensorPrimitives.Max(part) - minimum) / 15f);
                Half rounded = (Half)minimum;
                if (searches)
                {
                    (scale, rounded) = LeastSquaresScale.Asymmetric(part, [], (scale, rounded));
                }

                ((Half*)matrix.GroupMinima)[index] = rounded;
                CheckRange(rounded, row, source);
                PackGroup4Asymmetric(part, partCodes, HalfVectors.Widen(scale), HalfVectors.Widen(rounded));
            }

            CheckRange(scale, row, source);
            ((Half*)matrix.GroupScales)[index] = scale;
        }
    }

    /// <summary>Stores 4-bit codes 0…15; what the last block lacks gets the code that means 0.</summary>
    public static void SetCodes(in PackedLayout layout, in PackedMatrixView matrix, int row, ReadOnlySpan<byte> codes)
    {
        const int half = Block / 2;
        byte absent = (byte)(layout.Format.IsSymmetric ? 8 : 0);
        byte* at = matrix.Codes + ((long)row * layout.CodeRowBytes);
        for (int start = 0; start < layout.PaddedColumns; start += Block, at += half)
        {
            for (int i = 0; i < half; i++)
            {
                int low = start + i, high = low + half;
                at[i] = (byte)((low < codes.Length ? codes[low] : absent) | ((high < codes.Length ? codes[high] : absent) << 4));
            }
        }
    }

    private static void PackHalves(
        ReadOnlySpan<float> values, byte* codes, int paddedColumns, float absoluteMaximum, int row, string source)
    {
        if (absoluteMaximum > (float)Half.MaxValue)
        {
            throw new ModelFormatException(
                $"{source} holds {absoluteMaximum} in output {row}, which is beyond FP16's largest value of 65504; "
                + "choose 8-bit for this model.");
        }

        Span<Half> halves = new(codes, paddedColumns);
        TensorPrimitives.ConvertToHalf(values, halves);
        halves[values.Length..].Clear();
    }

    private static void CheckRange(Half value, int row, string source)
    {
        if (!Half.IsFinite(value))
        {
            throw new ModelFormatException(
                $"{source} holds weights in output {row} whose scale is beyond FP16's largest value of 65504; "
                + "choose 8-bit for this model.");
        }
    }

    /// <summary>The value of largest magnitude, the first of several.</summary>
    private static float Largest(ReadOnlySpan<float> values)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        int vectors = values.Length / 4 * 4;
        Vector128<float> maxima = Vector128<float>.Zero;
        for (int i = 0; i < vectors; i += 4)
        {
            maxima = Vector128.MaxNative(maxima, Vector128.Abs(Vector128.LoadUnsafe(ref first, (nuint)i)));
        }

        float magnitude = MathF.Max(MathF.Max(maxima[0], maxima[1]), MathF.Max(maxima[2], maxima[3]));
        for (int i = vectors; i < values.Length; i++)
        {
            magnitude = MathF.Max(magnitude, MathF.Abs(values[i]));
        }

        Vector128<float> wanted = Vector128.Create(magnitude);
        for (int i = 0; i < vectors; i += 4)
        {
            uint hits = Vector128.Equals(Vector128.Abs(Vector128.LoadUnsafe(ref first, (nuint)i)), wanted).ExtractMostSignificantBits();
            if (hits != 0)
            {
                return values[i + int.TrailingZeroCount((int)hits)];
            }
        }

        int rest = vectors;
        while (MathF.Abs(values[rest]) != magnitude)
        {
            rest++;
        }

        return values[rest];
    }

    private static void PackGroup8(ReadOnlySpan<float> values, sbyte* codes, float scale)
    {
        float* padded = stackalloc float[Block];
        for (int start = 0; start < values.Length; start += Block, codes += Block)
        {
            Vector128<sbyte> low = Vector128<sbyte>.Zero;
            Vector128<sbyte> high = low;
            if (scale != 0)
            {
                float* v = BlockOf(values, start, padded);
                low = Codes(v, scale, 0f, 0f, -127f, 127f);
                high = Codes(v + 16, scale, 0f, 0f, -127f, 127f);
            }

            low.Store(codes);
            high.Store(codes + 16);
        }
    }

    private static void PackGroup4Symmetric(ReadOnlySpan<float> values, byte* codes, float scale)
    {
        float* padded = stackalloc float[Block];
        for (int start = 0; start < values.Length; start += Block, codes += Block / 2)
        {
            Vector128<byte> low = Vector128.Create((byte)8);
            Vector128<byte> high = low;
            if (scale != 0)
            {
                float* v = BlockOf(values, start, padded);
                low = Codes(v, scale, 0f, 8f, 0f, 15f).AsByte();
                high = Codes(v + 16, scale, 0f, 8f, 0f, 15f).AsByte();
            }

            (low | (high << 4)).Store(codes);
        }
    }

    private static void PackGroup4Asymmetric(ReadOnlySpan<float> values, byte* codes, float scale, float minimum)
    {
        float* padded = stackalloc float[Block];
        for (int start = 0; start < values.Length; start += Block, codes += Block / 2)
        {
            Vector128<byte> low = Vector128<byte>.Zero;
            Vector128<byte> high = low;
            if (scale != 0)
            {
                float* v = BlockOf(values, start, padded);
                low = Codes(v, scale, minimum, 0f, 0f, 15f).AsByte();
                high = Codes(v + 16, scale, minimum, 0f, 0f, 15f).AsByte();
            }

            int used = values.Length - start;
            if (used < Block)
            {
                Vector128<byte> lane = Vector128.CreateSequence((byte)0, (byte)1);
                low &= Vector128.LessThan(lane, Vector128.Create((byte)used));
                high &= Vector128.LessThan(lane, Vector128.Create((byte)Math.Max(0, used - 16)));
            }

            (low | (high << 4)).Store(codes);
        }
    }

    /// <summary>A copy of the 32 values of a block; what the last one lacks is 0.</summary>
    private static float* BlockOf(ReadOnlySpan<float> values, int start, float* padded)
    {
        Span<float> block = new(padded, Block);
        ReadOnlySpan<float> used = values.Slice(start, Math.Min(Block, values.Length - start));
        used.CopyTo(block);
        block[used.Length..].Clear();
        return padded;
    }

    /// <summary>16 codes: clamp(rint((v − minimum) / scale) + offset, lowest, highest).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Codes(float* v, float scale, float minimum, float offset, float lowest, float highest)
    {
        return Vector128.Narrow(
            Vector128.Narrow(Code4(v), Code4(v + 4)),
            Vector128.Narrow(Code4(v + 8), Code4(v + 12)));

        Vector128<int> Code4(float* at)
        {
            Vector128<float> quotient = (Vector128.Load(at) - Vector128.Create(minimum)) / Vector128.Create(scale);
            Vector128<float> code = Vector128.Round(quotient) + Vector128.Create(offset);
            return Vector128.ConvertToInt32(Vector128.ClampNative(code, Vector128.Create(lowest), Vector128.Create(highest)));
        }
    }
}
