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
        bool isFourBit = matrix.Bits == 4;
        nint rowBytes = (nint)blocks * PackedLayout.BlockColumns * matrix.Bits / 8;

        // Vectors of 16 scales may reach behind the last.
        float* scales = stackalloc float[isGrouped ? (TileRows * groups) + 16 : 0];
        float* minima = stackalloc float[hasMinima ? (TileRows * groups) + 16 : 0];
        float* products = stackalloc float[isGrouped ? blocks + 16 : 0];
        Vector512<float>* sums = stackalloc Vector512<float>[TileRows];
        for (int first = 0; first < count; first += TileRows)
        {
            int rows = Math.Min(TileRows, count - first);
            byte* w = matrix.Codes + ((nint)(row + first) * rowBytes);
            if (isGrouped)
            {
                Widen(matrix.GroupScales + ((long)(row + first) * groups), rows * groups, scales);
            }

            if (hasMinima)
            {
                Widen(matrix.GroupMinima + ((long)(row + first) * groups), rows * groups, minima);
            }

            for (int r = 0; r < rows; r++, w += rowBytes)
            {
                Vector512<float> sum = Vector512<float>.Zero;
                float* blockScales = x.Scales;
                if (isGrouped)
                {
                    Spread(scales + (r * groups), matrix.GroupShift, x.Scales, blocks, products);
                    blockScales = products;
                }

                if (hasMinima)
                {
                    sum = MinimumSums(minima + (r * groups), matrix.GroupShift, x.Sums, blocks);
                }

                sums[r] = isFourBit
                    ? sum + Dot4(w, x.Codes, hasMinima ? null : x.Offsets, blockScales, blocks)
                    : Dot8(w, x.Codes, blockScales, blocks);
            }

            for (int r = rows; r < TileRows; r++)
            {
                sums[r] = sums[0];
            }

            Vector128<float> values = Sums(sums[0], sums[1], sums[2], sums[3]);
            if (matrix.RowScales != null)
            {
                float* rowScales = matrix.RowScales + row + first;
                int last = rows - 1;
                values *= Vector128.Create(
                    rowScales[0], rowScales[Math.Min(1, last)], rowScales[Math.Min(2, last)], rowScales[Math.Min(3, last)]);
            }

            Store(values, y, first, rows, accumulate: false);
        }
    }

    /// <summary>Σ over blocks of scale · Σ code · x, in 16 lanes.</summary>
    private static Vector512<float> Dot8(byte* w, short* x, float* scales, int blocks)
    {
        Vector512<float> a = default, b = default;
        int block = 0;
        for (; block + 2 <= blocks; block += 2)
        {
            Sse.Prefetch1(w + PrefetchBytes);
            a = Avx512F.FusedMultiplyAdd(Block8(w, x), Vector512.Create(scales[block]), a);
            b = Avx512F.FusedMultiplyAdd(Block8(w + 32, x + 32), Vector512.Create(scales[block + 1]), b);
            w += 64;
            x += 64;
        }

        return block < blocks ? Avx512F.FusedMultiplyAdd(Block8(w, x), Vector512.Create(scales[block]), a) + b : a + b;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Block8(byte* w, short* x) => Avx512F.ConvertToVector512Single(
        Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load((sbyte*)w)), Vector512.Load(x)));

    /// <summary>The same for codes of 4 bits, four blocks at a time.</summary>
    private static Vector512<float> Dot4(byte* w, short* x, int* offsets, float* scales, int blocks)
    {
        Vector512<float> a = default;
        Vector512<short> nibble = Vector512.Create((short)15);
        Vector512<int> blockOfLane = Vector512.Create(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
        bool hasOffsets = offsets != null;
        int block = 0;
        for (; block + 4 <= blocks; block += 4)
        {
            Sse.Prefetch1(w + PrefetchBytes);
            Vector512<short> v = Vector512.Load((short*)w);
            Vector512<int> low = Avx512BW.MultiplyAddAdjacent(v & nibble, Vector512.Load(x))
                + Avx512BW.MultiplyAddAdjacent((v >>> 4) & nibble, Vector512.Load(x + 32));
            Vector512<int> high = Avx512BW.MultiplyAddAdjacent((v >>> 8) & nibble, Vector512.Load(x + 64))
                + Avx512BW.MultiplyAddAdjacent(v >>> 12, Vector512.Load(x + 96));
            Vector512<int> sum = low + high;
            if (hasOffsets)
            {
                sum += Vector512.Load(offsets + (4 * block));
            }

            Vector512<float> scale = Avx512F.PermuteVar4x32(Avx512F.BroadcastVector128ToVector512(scales + block), blockOfLane);
            a = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(sum), scale, a);
            w += 64;
            x += 128;
        }

        Vector128<float> rest = default;
        for (; block < blocks; block++, w += 16, x += 8)
        {
            Vector128<int> sum = IntegerBlocks.Multiply4(w, x, run: 32, hasOffsets ? offsets + (4 * block) : null);
            rest = Fma.MultiplyAdd(Vector128.ConvertToSingle(sum), Vector128.Create(scales[block]), rest);
        }

        return a + rest.ToVector256().ToVector512();
    }

    /// <summary>scale of a block's group · scale of the block's activations, 16 blocks at a time.</summary>
    private static void Spread(float* groupScales, int groupShift, float* activationScales, int blocks, float* products)
    {
        for (int block = 0; block < blocks; block += 16)
        {
            (Grouped(groupScales, groupShift, block) * Vector512.Load(activationScales + block)).Store(products + block);
        }
    }

    private static Vector512<float> MinimumSums(float* groupMinima, int groupShift, float* activationSums, int blocks)
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

        return sums;
    }

    /// <summary>The values of the groups of 16 blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Grouped(float* values, int groupShift, int block) => Avx512F.PermuteVar16x32(
        Vector512.Load(values + (block >> groupShift)), Vector512.ShiftRightLogical(Vector512.CreateSequence(0, 1), groupShift));

    private static void Widen(ushort* halves, int count, float* values)
    {
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            HalfVectors.Widen(Vector256.Load((short*)halves + i)).Store(values + i);
        }

        HalfVectors.Widen(halves + i, count - i, values + i);
    }
}
