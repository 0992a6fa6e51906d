using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <content>Products of integer codes with 16-bit activations.</content>
internal sealed unsafe partial class Avx2Kernel
{
    private const int PairRows = 2;

    /// <inheritdoc />
    public override bool PrefersInteger => true;

    /// <inheritdoc />
    public override int BlocksPerVector => 2;

    /// <inheritdoc />
    public override void MultiplyInteger(in PackedMatrixView matrix, int row, int count, QuantizedActivations x, float* y)
    {
        int blocks = matrix.BlocksPerRow;
        int groups = matrix.GroupsPerRow;
        bool isGrouped = matrix.GroupScales != null;
        bool hasMinima = matrix.GroupMinima != null;
        nint rowBytes = (nint)blocks * PackedLayout.BlockColumns * matrix.Bits / 8;

        // Vectors of 8 scales may reach behind the last. A row's own scale is applied to its sum.
        int pitch = isGrouped ? (blocks + 7) & ~7 : 0;
        float* halves = stackalloc float[isGrouped ? (PairRows * groups) + 8 : 0];
        float* products = stackalloc float[PairRows * pitch];
        float* scales = isGrouped ? products : x.Scales;
        for (int first = 0; first < count; first += PairRows)
        {
            // A row that is not there repeats the last one; its sum is not stored.
            int rows = Math.Min(PairRows, count - first);
            byte* w = matrix.Codes + ((nint)(row + first) * rowBytes);
            if (isGrouped)
            {
                HalfVectors.Widen(matrix.GroupScales + ((long)(row + first) * groups), rows * groups, halves);
                Spread(halves, groups, rows, matrix.GroupShift, x.Scales, blocks, products, pitch);
            }

            float second;
            y[first] = matrix.Bits == 4
                ? Dot4(w, rowBytes, rows, x.Codes, hasMinima ? null : x.Offsets, scales, pitch, blocks, out second)
                : Dot8(w, rowBytes, rows, x.Codes, scales, pitch, blocks, out second);
            if (rows > 1)
            {
                y[first + 1] = second;
            }

            if (hasMinima)
            {
                HalfVectors.Widen(matrix.GroupMinima + ((long)(row + first) * groups), rows * groups, halves);
            }

            for (int r = 0; r < rows; r++)
            {
                y[first + r] += hasMinima ? MinimumSum(halves + (r * groups), matrix.GroupShift, x.Sums, blocks) : 0f;
                y[first + r] *= matrix.RowScales != null ? matrix.RowScales[row + first + r] : 1f;
            }
        }
    }

    /// <summary>Σ over blocks of scale · Σ code · x for two rows at once, because each of their inputs is then loaded once.</summary>
    private static float Dot8(byte* w, nint rowBytes, int rows, short* x, float* scales, int pitch, int blocks, out float second)
    {
        byte* w1 = w + ((rows - 1) * rowBytes);
        float* s1 = scales + ((rows - 1) * pitch);
        Vector256<float> a0 = default, a1 = default;
        for (nint block = 0; block < blocks; block++, x += 32)
        {
            nint at = block * 32;
            Sse.Prefetch1(w + at + PrefetchBytes);
            Sse.Prefetch1(w1 + at + PrefetchBytes);
            Vector256<short> x0 = Vector256.Load(x), x1 = Vector256.Load(x + 16);
            a0 = Step8(w + at, x0, x1, scales[block], a0);
            a1 = Step8(w1 + at, x0, x1, s1[block], a1);
        }

        second = Vector256.Sum(a1);
        return Vector256.Sum(a0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Step8(byte* w, Vector256<short> x0, Vector256<short> x1, float scale, Vector256<float> sum)
    {
        Vector256<int> product = Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16((sbyte*)w), x0)
            + Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16((sbyte*)w + 16), x1);
        return Fma.MultiplyAdd(Avx.ConvertToVector256Single(product), Vector256.Create(scale), sum);
    }

    /// <summary>The same for codes of 4 bits, two blocks at a time.</summary>
    private static float Dot4(
        byte* w, nint rowBytes, int rows, short* x, int* offsets, float* scales, int pitch, int blocks, out float second)
    {
        byte* w1 = w + ((rows - 1) * rowBytes);
        float* s1 = scales + ((rows - 1) * pitch);
        Vector256<float> a0 = default, a1 = default;
        Vector256<int> offset = default;
        nint block = 0;
        for (; block + 2 <= blocks; block += 2, x += 64)
        {
            nint at = block * 16;
            Sse.Prefetch1(w + at + PrefetchBytes);
            Sse.Prefetch1(w1 + at + PrefetchBytes);
            if (offsets != null)
            {
                offset = Vector256.Load(offsets + (4 * block));
            }

            a0 = Step4(w + at, x, offset, scales + block, a0);
            a1 = Step4(w1 + at, x, offset, s1 + block, a1);
        }

        if (block < blocks)
        {
            nint at = block * 16;
            int* own = offsets == null ? null : offsets + (4 * block);
            a0 += IntegerBlocks.Multiply4(w + at, x, run: 16, own, scales[block]).ToVector256();
            a1 += IntegerBlocks.Multiply4(w1 + at, x, run: 16, own, s1[block]).ToVector256();
        }

        second = Vector256.Sum(a1);
        return Vector256.Sum(a0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Step4(byte* w, short* x, Vector256<int> offset, float* scales, Vector256<float> sum)
    {
        Vector256<short> v = Vector256.Load((short*)w);
        Vector256<short> nibble = Vector256.Create((short)15);
        Vector256<int> low = Avx2.MultiplyAddAdjacent(v & nibble, Vector256.Load(x))
            + Avx2.MultiplyAddAdjacent((v >>> 4) & nibble, Vector256.Load(x + 16));
        Vector256<int> high = Avx2.MultiplyAddAdjacent((v >>> 8) & nibble, Vector256.Load(x + 32))
            + Avx2.MultiplyAddAdjacent(v >>> 12, Vector256.Load(x + 48));
        Vector256<float> product = Avx.ConvertToVector256Single((low + high) + offset);
        Vector256<int> blockOfLane = Vector256.Create(0, 0, 0, 0, 1, 1, 1, 1);
        Vector256<float> scale = Avx2.PermuteVar8x32(
            Vector128.CreateScalarUnsafe(*(double*)scales).AsSingle().ToVector256Unsafe(), blockOfLane);
        return Fma.MultiplyAdd(product, scale, sum);
    }

    /// <summary>scale of a block's group · scale of the block's activations, 8 blocks at a time, row by row.</summary>
    private static void Spread(
        float* groupScales, int groups, int rows, int groupShift, float* activationScales, int blocks, float* products, int pitch)
    {
        for (int r = 0; r < rows; r++, groupScales += groups, products += pitch)
        {
            for (int block = 0; block < blocks; block += 8)
            {
                (Grouped(groupScales, groupShift, block) * Vector256.Load(activationScales + block)).Store(products + block);
            }
        }
    }

    /// <summary>Σ over blocks of the minimum of a block's group · the sum of the block's activations.</summary>
    private static float MinimumSum(float* groupMinima, int groupShift, float* activationSums, int blocks)
    {
        Vector256<float> sums = default;
        Vector256<int> lane = Vector256.CreateSequence(0, 1);
        for (int block = 0; block < blocks; block += 8)
        {
            // What stands behind the last minimum is another row's, or nothing.
            Vector256<float> own = Vector256.ConditionalSelect(
                Vector256.LessThan(lane, Vector256.Create(blocks - block)).AsSingle(),
                Grouped(groupMinima, groupShift, block),
                Vector256<float>.Zero);
            sums = Fma.MultiplyAdd(own, Vector256.Load(activationSums + block), sums);
        }

        return Vector256.Sum(sums);
    }

    /// <summary>The values of the groups of 8 blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Grouped(float* values, int groupShift, int block) => Avx2.PermuteVar8x32(
        Vector256.Load(values + (block >> groupShift)), Vector256.ShiftRightLogical(Vector256.CreateSequence(0, 1), groupShift));
}
