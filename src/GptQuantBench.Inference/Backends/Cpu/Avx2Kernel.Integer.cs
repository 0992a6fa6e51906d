using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <content>Products of integer codes with 16-bit activations.</content>
internal sealed unsafe partial class Avx2Kernel
{
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

        // Vectors of 8 scales may reach behind the last.
        float* scales = stackalloc float[isGrouped ? groups + 8 : 0];
        float* minima = stackalloc float[hasMinima ? groups + 8 : 0];
        float* products = stackalloc float[isGrouped ? blocks + 8 : 0];
        for (int i = 0; i < count; i++)
        {
            byte* w = matrix.Codes + ((nint)(row + i) * rowBytes);
            float* blockScales = x.Scales;
            float sum = 0f;
            if (isGrouped)
            {
                HalfVectors.Widen(matrix.GroupScales + ((long)(row + i) * groups), groups, scales);
                Spread(scales, matrix.GroupShift, x.Scales, blocks, products);
                blockScales = products;
            }

            if (hasMinima)
            {
                HalfVectors.Widen(matrix.GroupMinima + ((long)(row + i) * groups), groups, minima);
                for (int block = 0; block < blocks; block++)
                {
                    sum = MathF.FusedMultiplyAdd(minima[block >> matrix.GroupShift], x.Sums[block], sum);
                }
            }

            sum += Vector256.Sum(matrix.Bits == 4
                ? Dot4(w, x.Codes, hasMinima ? null : x.Offsets, blockScales, blocks)
                : Dot8(w, x.Codes, blockScales, blocks));
            y[i] = matrix.RowScales != null ? sum * matrix.RowScales[row + i] : sum;
        }
    }

    /// <summary>Σ over blocks of scale · Σ code · x, in 8 lanes.</summary>
    private static Vector256<float> Dot8(byte* w, short* x, float* scales, int blocks)
    {
        Vector256<float> a = default;
        for (int block = 0; block < blocks; block++, w += 32, x += 32)
        {
            Sse.Prefetch1(w + PrefetchBytes);
            Vector256<int> sum = Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16((sbyte*)w), Vector256.Load(x))
                + Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16((sbyte*)w + 16), Vector256.Load(x + 16));
            a = Fma.MultiplyAdd(Avx.ConvertToVector256Single(sum), Vector256.Create(scales[block]), a);
        }

        return a;
    }

    /// <summary>The same for codes of 4 bits, two blocks at a time.</summary>
    private static Vector256<float> Dot4(byte* w, short* x, int* offsets, float* scales, int blocks)
    {
        Vector256<float> a = default;
        Vector256<short> nibble = Vector256.Create((short)15);
        Vector256<int> blockOfLane = Vector256.Create(0, 0, 0, 0, 1, 1, 1, 1);
        bool hasOffsets = offsets != null;
        int block = 0;
        for (; block + 2 <= blocks; block += 2)
        {
            Sse.Prefetch1(w + PrefetchBytes);
            Vector256<short> v = Vector256.Load((short*)w);
            Vector256<int> low = Avx2.MultiplyAddAdjacent(v & nibble, Vector256.Load(x))
                + Avx2.MultiplyAddAdjacent((v >>> 4) & nibble, Vector256.Load(x + 16));
            Vector256<int> high = Avx2.MultiplyAddAdjacent((v >>> 8) & nibble, Vector256.Load(x + 32))
                + Avx2.MultiplyAddAdjacent(v >>> 12, Vector256.Load(x + 48));
            Vector256<int> sum = low + high;
            if (hasOffsets)
            {
                sum += Vector256.Load(offsets + (4 * block));
            }

            Vector256<float> scale = Avx2.PermuteVar8x32(Vector128.Load(scales + block).ToVector256Unsafe(), blockOfLane);
            a = Fma.MultiplyAdd(Avx.ConvertToVector256Single(sum), scale, a);
            w += 32;
            x += 64;
        }

        if (block == blocks)
        {
            return a;
        }

        Vector128<int> rest = IntegerBlocks.Multiply4(w, x, run: 16, hasOffsets ? offsets + (4 * block) : null);
        return a + (Vector128.ConvertToSingle(rest) * Vector128.Create(scales[block])).ToVector256();
    }

    /// <summary>scale of a block's group · scale of the block's activations, 8 blocks at a time.</summary>
    private static void Spread(float* groupScales, int groupShift, float* activationScales, int blocks, float* products)
    {
        Vector256<int> group = Vector256.ShiftRightLogical(Vector256.CreateSequence(0, 1), groupShift);
        for (int block = 0; block < blocks; block += 8)
        {
            Vector256<float> scales = Avx2.PermuteVar8x32(Vector256.Load(groupScales + (block >> groupShift)), group);
            (scales * Vector256.Load(activationScales + block)).Store(products + block);
        }
    }
}
