using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>256-bit vectors: AVX2 and FMA.</summary>
internal sealed unsafe partial class Avx2Kernel : CpuKernel
{
    // How far ahead of the arithmetic weights are asked for, across page borders where the hardware's prefetchers stop.
    private const int PrefetchBytes = 8192;

    /// <inheritdoc />
    public override string Name => "avx2";

    /// <inheritdoc />
    public override bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    /// <inheritdoc />
    public override int TileTokens => 3;

    /// <inheritdoc />
    public override void MultiplyVector(in PackedMatrixView matrix, int row, int count, float* x, float* y)
    {
        switch (matrix.Bits)
        {
            case 16:
                MultiplyVector<Fp16>(matrix, row, count, x, y);
                break;
            case 8:
                MultiplyVector<Int8>(matrix, row, count, x, y);
                break;
            default:
                if (matrix.GroupMinima == null)
                {
                    MultiplyVector<Int4Symmetric>(matrix, row, count, x, y);
                }
                else
                {
                    MultiplyVector<Int4Asymmetric>(matrix, row, count, x, y);
                }

                break;
        }
    }

    /// <inheritdoc />
    public override void Unpack(in PackedMatrixView matrix, int row, int count, int block, int blocks, float* destination)
    {
        switch (matrix.Bits)
        {
            case 16:
                Unpack<Fp16>(matrix, row, count, block, blocks, destination);
                break;
            case 8:
                Unpack<Int8>(matrix, row, count, block, blocks, destination);
                break;
            default:
                if (matrix.GroupMinima == null)
                {
                    Unpack<Int4Symmetric>(matrix, row, count, block, blocks, destination);
                }
                else
                {
                    Unpack<Int4Asymmetric>(matrix, row, count, block, blocks, destination);
                }

                break;
        }
    }

    /// <inheritdoc />
    public override void MultiplyTile(
        float* w, nint wStride, int rows, float* x, nint xStride, int tokens, int columns, float* y, nint yStride, bool accumulate)
    {
        // Rows and inputs that are not there repeat the last one; their sums are not stored.
        float* w1 = w + (Math.Min(1, rows - 1) * wStride);
        float* w2 = w + (Math.Min(2, rows - 1) * wStride);
        float* w3 = w + (Math.Min(3, rows - 1) * wStride);
        float* x1 = x + (Math.Min(1, tokens - 1) * xStride);
        float* x2 = x + (Math.Min(2, tokens - 1) * xStride);
        Vector256<float> a00 = default, a01 = default, a02 = default, a03 = default;
        Vector256<float> a10 = default, a11 = default, a12 = default, a13 = default;
        Vector256<float> a20 = default, a21 = default, a22 = default, a23 = default;
        for (nint c = 0; c < columns; c += 8)
        {
            Vector256<float> t0 = Vector256.Load(x + c);
            Vector256<float> t1 = Vector256.Load(x1 + c);
            Vector256<float> t2 = Vector256.Load(x2 + c);
            Vector256<float> r = Vector256.Load(w + c);
            a00 = Fma.MultiplyAdd(r, t0, a00);
            a10 = Fma.MultiplyAdd(r, t1, a10);
            a20 = Fma.MultiplyAdd(r, t2, a20);
            r = Vector256.Load(w1 + c);
            a01 = Fma.MultiplyAdd(r, t0, a01);
            a11 = Fma.MultiplyAdd(r, t1, a11);
            a21 = Fma.MultiplyAdd(r, t2, a21);
            r = Vector256.Load(w2 + c);
            a02 = Fma.MultiplyAdd(r, t0, a02);
            a12 = Fma.MultiplyAdd(r, t1, a12);
            a22 = Fma.MultiplyAdd(r, t2, a22);
            r = Vector256.Load(w3 + c);
            a03 = Fma.MultiplyAdd(r, t0, a03);
            a13 = Fma.MultiplyAdd(r, t1, a13);
            a23 = Fma.MultiplyAdd(r, t2, a23);
        }

        Store(Sums(a00, a01, a02, a03), y, 0, rows, accumulate);
        if (tokens > 1)
        {
            Store(Sums(a10, a11, a12, a13), y, yStride, rows, accumulate);
        }

        if (tokens > 2)
        {
            Store(Sums(a20, a21, a22, a23), y, 2 * yStride, rows, accumulate);
        }
    }

    /// <inheritdoc />
    public override void WeightedSum(float* p, float* v, int count, int columns, float* y)
    {
        for (int column = 0; column < columns; column += 16)
        {
            Vector256<float> even0 = default, even1 = default, odd0 = default, odd1 = default;
            float* at = v + column;
            int i = 0;
            for (; i + 2 <= count; i += 2, at += 2 * columns)
            {
                Vector256<float> weight = Vector256.Create(p[i]);
                even0 = Fma.MultiplyAdd(weight, Vector256.Load(at), even0);
                even1 = Fma.MultiplyAdd(weight, Vector256.Load(at + 8), even1);
                weight = Vector256.Create(p[i + 1]);
                odd0 = Fma.MultiplyAdd(weight, Vector256.Load(at + columns), odd0);
                odd1 = Fma.MultiplyAdd(weight, Vector256.Load(at + columns + 8), odd1);
            }

            if (i < count)
            {
                Vector256<float> weight = Vector256.Create(p[i]);
                even0 = Fma.MultiplyAdd(weight, Vector256.Load(at), even0);
                even1 = Fma.MultiplyAdd(weight, Vector256.Load(at + 8), even1);
            }

            (even0 + odd0).Store(y + column);
            (even1 + odd1).Store(y + column + 8);
        }
    }

    private static void MultiplyVector<TDecoder>(in PackedMatrixView matrix, int row, int count, float* x, float* y)
        where TDecoder : struct, IDecoder
    {
        int blocks = matrix.BlocksPerRow;
        int groups = matrix.GroupsPerRow;
        int groupShift = matrix.GroupShift;
        bool isGrouped = matrix.GroupScales != null;
        bool hasMinima = matrix.GroupMinima != null;
        nint rowBytes = (nint)blocks * TDecoder.BlockBytes;
        float* scales = stackalloc float[isGrouped ? TileRows * groups : 0];
        float* minima = stackalloc float[hasMinima ? TileRows * groups : 0];
        for (int first = 0; first < count; first += TileRows)
        {
            int rows = Math.Min(TileRows, count - first);
            int r1 = Math.Min(1, rows - 1), r2 = Math.Min(2, rows - 1), r3 = Math.Min(3, rows - 1);
            byte* w = matrix.Codes + ((nint)(row + first) * rowBytes);
            if (isGrouped)
            {
                HalfVectors.Widen(matrix.GroupScales + ((long)(row + first) * groups), rows * groups, scales);
            }

            if (hasMinima)
            {
                HalfVectors.Widen(matrix.GroupMinima + ((long)(row + first) * groups), rows * groups, minima);
            }

            // One row after the other: the prefetchers follow one stream of memory better than four.
            Vector256<float> a0 = Dot<TDecoder>(w, scales, minima, groupShift, isGrouped, x, blocks);
            Vector256<float> a1 = Dot<TDecoder>(
                w + (r1 * rowBytes), scales + (r1 * groups), minima + (r1 * groups), groupShift, isGrouped, x, blocks);
            Vector256<float> a2 = Dot<TDecoder>(
                w + (r2 * rowBytes), scales + (r2 * groups), minima + (r2 * groups), groupShift, isGrouped, x, blocks);
            Vector256<float> a3 = Dot<TDecoder>(
                w + (r3 * rowBytes), scales + (r3 * groups), minima + (r3 * groups), groupShift, isGrouped, x, blocks);
            Vector128<float> sums = Sums(a0, a1, a2, a3);
            if (matrix.RowScales != null)
            {
                float* rowScales = matrix.RowScales + row + first;
                sums *= Vector128.Create(rowScales[0], rowScales[r1], rowScales[r2], rowScales[r3]);
            }

            Store(sums, y, first, rows, accumulate: false);
        }
    }

    /// <summary>Products of a row and an input, summed lane by lane.</summary>
    private static Vector256<float> Dot<TDecoder>(
        byte* w, float* scales, float* minima, int groupShift, bool isGrouped, float* x, int blocks)
        where TDecoder : struct, IDecoder
    {
        Vector256<float> a = default, b = default, c = default, d = default;
        for (int block = 0; block < blocks; block++)
        {
            Sse.Prefetch0(w + PrefetchBytes);
            TDecoder.Decode(
                w, scales, minima, block >> groupShift, isGrouped,
                out Vector256<float> v0, out Vector256<float> v1, out Vector256<float> v2, out Vector256<float> v3);
            a = Fma.MultiplyAdd(v0, Vector256.Load(x), a);
            b = Fma.MultiplyAdd(v1, Vector256.Load(x + 8), b);
            c = Fma.MultiplyAdd(v2, Vector256.Load(x + 16), c);
            d = Fma.MultiplyAdd(v3, Vector256.Load(x + 24), d);
            w += TDecoder.BlockBytes;
            x += PackedLayout.BlockColumns;
        }

        return (a + b) + (c + d);
    }

    private static void Unpack<TDecoder>(in PackedMatrixView matrix, int row, int count, int block, int blocks, float* destination)
        where TDecoder : struct, IDecoder
    {
        int groups = matrix.GroupsPerRow;
        bool isGrouped = matrix.GroupScales != null;
        bool hasMinima = matrix.GroupMinima != null;
        float* scales = stackalloc float[isGrouped ? groups : 0];
        float* minima = stackalloc float[hasMinima ? groups : 0];
        for (long r = row; r < row + count; r++)
        {
            byte* w = matrix.Codes + (((r * matrix.BlocksPerRow) + block) * TDecoder.BlockBytes);
            if (isGrouped)
            {
                HalfVectors.Widen(matrix.GroupScales + (r * groups), groups, scales);
            }

            if (hasMinima)
            {
                HalfVectors.Widen(matrix.GroupMinima + (r * groups), groups, minima);
            }

            Vector256<float> rowScale = Vector256.Create(matrix.RowScales != null ? matrix.RowScales[r] : 1f);
            for (int b = block; b < block + blocks; b++, w += TDecoder.BlockBytes, destination += PackedLayout.BlockColumns)
            {
                TDecoder.Decode(
                    w, scales, minima, b >> matrix.GroupShift, isGrouped,
                    out Vector256<float> v0, out Vector256<float> v1, out Vector256<float> v2, out Vector256<float> v3);
                (v0 * rowScale).Store(destination);
                (v1 * rowScale).Store(destination + 8);
                (v2 * rowScale).Store(destination + 16);
                (v3 * rowScale).Store(destination + 24);
            }
        }
    }

    /// <summary>The sum of each of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sums(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        Vector256<float> abcd = Avx.HorizontalAdd(Avx.HorizontalAdd(a, b), Avx.HorizontalAdd(c, d));
        return abcd.GetLower() + abcd.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<float> sums, float* y, nint offset, int rows, bool accumulate)
    {
        float* at = y + offset;
        if (rows == TileRows)
        {
            (accumulate ? sums + Vector128.Load(at) : sums).Store(at);
            return;
        }

        for (int i = 0; i < rows; i++)
        {
            at[i] = accumulate ? at[i] + sums[i] : sums[i];
        }
    }
}
