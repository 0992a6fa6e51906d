using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <content>Products of integer codes with 16-bit activations.</content>
internal sealed unsafe partial class Avx512Kernel
{
    /// <inheritdoc />
    public override bool PrefersInteger => true;

    /// <inheritdoc />
    public override int BlocksPerVector => 4;

    /// <inheritdoc />
    public override void MultiplyInteger(in PackedMatrixView matrix, int row, int count, QuantizedActivations x, float* y)
    {
        int blocks = matrix.BlocksPerRow;
        int groups = matrix.GroupsPerRow;
        bool isGrouped = matrix.GroupScales != null;
        bool hasMinima = matrix.GroupMinima != null;
        nint rowBytes = (nint)blocks * PackedLayout.BlockColumns * matrix.Bits / 8;

        // Vectors of 16 scales may reach behind the last. A row's own scale is applied to its sum.
        int pitch = isGrouped ? (blocks + 15) & ~15 : 0;
        float* halves = stackalloc float[isGrouped ? (TileRows * groups) + 16 : 0];
        float* products = stackalloc float[TileRows * pitch];
        float* scales = isGrouped ? products : x.Scales;
        float* minimumSums = stackalloc float[TileRows];
        for (int first = 0; first < count; first += TileRows)
        {
            // Rows that are not there repeat the last one; their sums are not stored.
            int rows = Math.Min(TileRows, count - first);
            byte* w = matrix.Codes + ((nint)(row + first) * rowBytes);
            if (isGrouped)
            {
                Widen(matrix.GroupScales + ((long)(row + first) * groups), rows * groups, halves);
                Spread(halves, groups, rows, matrix.GroupShift, x.Scales, blocks, products, pitch);
            }

            Vector128<float> sums = matrix.Bits == 4
                ? Dot4(w, rowBytes, rows, x.Codes, hasMinima ? null : x.Offsets, scales, pitch, blocks)
                : Dot8(w, rowBytes, rows, x.Codes, scales, pitch, blocks);
            if (hasMinima)
            {
                Widen(matrix.GroupMinima + ((long)(row + first) * groups), rows * groups, halves);
                for (int r = 0; r < rows; r++)
                {
                    minimumSums[r] = MinimumSum(halves + (r * groups), matrix.GroupShift, x.Sums, blocks);
                }

                sums += Vector128.Load(minimumSums);
            }

            if (matrix.RowScales != null)
            {
                float* own = matrix.RowScales + row + first;
                sums *= Vector128.Create(
                    own[0], own[Math.Min(1, rows - 1)], own[Math.Min(2, rows - 1)], own[Math.Min(3, rows - 1)]);
            }

            Store(sums, y, first, rows, accumulate: false);
        }
    }

    /// <summary>Σ over blocks of scale · Σ code · x for four rows at once, because each of their inputs is then loaded once.</summary>
    private static Vector128<float> Dot8(byte* w, nint rowBytes, int rows, short* x, float* scales, int pitch, int blocks)
    {
        int r1 = Math.Min(1, rows - 1), r2 = Math.Min(2, rows - 1), r3 = Math.Min(3, rows - 1);
        byte* w1 = w + (r1 * rowBytes), w2 = w + (r2 * rowBytes), w3 = w + (r3 * rowBytes);
        float* s1 = scales + (r1 * pitch), s2 = scales + (r2 * pitch), s3 = scales + (r3 * pitch);
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        for (nint block = 0; block < blocks; block++, x += 32)
        {
            nint at = block * 32;
            if ((block & 1) == 0)
            {
                Sse.Prefetch1(w + at + PrefetchBytes);
                Sse.Prefetch1(w1 + at + PrefetchBytes);
                Sse.Prefetch1(w2 + at + PrefetchBytes);
                Sse.Prefetch1(w3 + at + PrefetchBytes);
            }

            Vector512<short> input = Vector512.Load(x);
            a0 = Step8(w + at, input, scales[block], a0);
            a1 = Step8(w1 + at, input, s1[block], a1);
            a2 = Step8(w2 + at, input, s2[block], a2);
            a3 = Step8(w3 + at, input, s3[block], a3);
        }

        return Sums(a0, a1, a2, a3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Step8(byte* w, Vector512<short> x, float scale, Vector512<float> sum)
    {
        Vector512<int> product = Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load((sbyte*)w)), x);
        return Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(product), Vector512.Create(scale), sum);
    }

    /// <summary>The same for codes of 4 bits, four blocks at a time.</summary>
    private static Vector128<float> Dot4(
        byte* w, nint rowBytes, int rows, short* x, int* offsets, float* scales, int pitch, int blocks)
    {
        int r1 = Math.Min(1, rows - 1), r2 = Math.Min(2, rows - 1), r3 = Math.Min(3, rows - 1);
        byte* w1 = w + (r1 * rowBytes), w2 = w + (r2 * rowBytes), w3 = w + (r3 * rowBytes);
        float* s1 = scales + (r1 * pitch), s2 = scales + (r2 * pitch), s3 = scales + (r3 * pitch);
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector512<int> offset = default;
        nint block = 0;
        for (; block + 4 <= blocks; block += 4, x += 128)
        {
            nint at = block * 16;
            Sse.Prefetch1(w + at + PrefetchBytes);
            Sse.Prefetch1(w1 + at + PrefetchBytes);
            Sse.Prefetch1(w2 + at + PrefetchBytes);
            Sse.Prefetch1(w3 + at + PrefetchBytes);
            Vector512<short> x0 = Vector512.Load(x), x1 = Vector512.Load(x + 32);
            Vector512<short> x2 = Vector512.Load(x + 64), x3 = Vector512.Load(x + 96);
            if (offsets != null)
            {
                offset = Vector512.Load(offsets + (4 * block));
            }

            a0 = Step4(w + at, x0, x1, x2, x3, offset, scales + block, a0);
            a1 = Step4(w1 + at, x0, x1, x2, x3, offset, s1 + block, a1);
            a2 = Step4(w2 + at, x0, x1, x2, x3, offset, s2 + block, a2);
            a3 = Step4(w3 + at, x0, x1, x2, x3, offset, s3 + block, a3);
        }

        for (; block < blocks; block++, x += 8)
        {
            nint at = block * 16;
            int* own = offsets == null ? null : offsets + (4 * block);
            a0 += IntegerBlocks.Multiply4(w + at, x, run: 32, own, scales[block]).ToVector256().ToVector512();
            a1 += IntegerBlocks.Multiply4(w1 + at, x, run: 32, own, s1[block]).ToVector256().ToVector512();
            a2 += IntegerBlocks.Multiply4(w2 + at, x, run: 32, own, s2[block]).ToVector256().ToVector512();
            a3 += IntegerBlocks.Multiply4(w3 + at, x, run: 32, own, s3[block]).ToVector256().ToVector512();
        }

        return Sums(a0, a1, a2, a3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Step4(
        byte* w, Vector512<short> x0, Vector512<short> x1, Vector512<short> x2, Vector512<short> x3, Vector512<int> offset,
        float* scales, Vector512<float> sum)
    {
        Vector512<short> v = Vector512.Load((short*)w);
        Vector512<short> nibble = Vector512.Create((short)15);
        Vector512<int> low = Avx512BW.MultiplyAddAdjacent(v & nibble, x0) + Avx512BW.MultiplyAddAdjacent((v >>> 4) & nibble, x1);
        Vector512<int> high = Avx512BW.MultiplyAddAdjacent((v >>> 8) & nibble, x2) + Avx512BW.MultiplyAddAdjacent(v >>> 12, x3);
        Vector512<float> product = Avx512F.ConvertToVector512Single((low + high) + offset);
        Vector512<int> blockOfLane = Vector512.Create(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
        Vector512<float> scale = Avx512F.PermuteVar4x32(Avx512F.BroadcastVector128ToVector512(scales), blockOfLane);
        return Avx512F.FusedMultiplyAdd(product, scale, sum);
    }

    /// <summary>scale of a block's group · scale of the block's activations, 16 blocks at a time, row by row.</summary>
    private static void Spread(
        float* groupScales, int groups, int rows, int groupShift, float* activationScales, int blocks, float* products, int pitch)
    {
        for (int r = 0; r < rows; r++, groupScales += groups, products += pitch)
        {
            for (int block = 0; block < blocks; block += 16)
            {
                (Grouped(groupScales, groupShift, block) * Vector512.Load(activationScales + block)).Store(products + block);
            }
        }
    }

    /// <summary>Σ over blocks of the minimum of a block's group · the sum of the block's activations.</summary>
    private static float MinimumSum(float* groupMinima, int groupShift, float* activationSums, int blocks)
    {
        Vector512<float> sums = default;
        Vector512<int> lane = Vector512.CreateSequence(0, 1);
        for (int block = 0; block < blocks; block += 16)
        {
            // What stands behind the last minimum is another row's, or nothing.
            Vector512<float> own = Vector512.ConditionalSelect(
                Vector512.LessThan(lane, Vector512.Create(blocks - block)).AsSingle(),
                Grouped(groupMinima, groupShift, block),
                Vector512<float>.Zero);
            sums = Avx512F.FusedMultiplyAdd(own, Vector512.Load(activationSums + block), sums);
        }

        return Vector512.Sum(sums);
    }

    /// <summary>The values of the groups of 16 blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Grouped(float* values, int groupShift, int block) => Avx512F.PermuteVar16x32(
        Vector512.Load(values + (block >> groupShift)), Vector512.ShiftRightLogical(Vector512.CreateSequence(0, 1), groupShift));

    private static void Widen(ushort* halves, int count, float* values)
    {
        for (int line = 0; line < count; line += 32)
        {
            Sse.Prefetch1(halves + line + 1024);
        }

        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            HalfVectors.Widen(Vector256.Load((short*)halves + i)).Store(values + i);
        }

        HalfVectors.Widen(halves + i, count - i, values + i);
    }
}
