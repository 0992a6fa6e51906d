using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>512-bit vectors: AVX-512 F, BW, DQ and VL.</summary>
internal sealed unsafe partial class Avx512Kernel : CpuKernel
{
    // How far ahead of the arithmetic weights are asked for, across page borders where the hardware's prefetchers stop.
    private const int PrefetchBytes = 8192;

    /// <inheritdoc />
    public override string Name => "avx512";

    /// <inheritdoc />
    public override bool IsSupported => Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported;

    /// <inheritdoc />
    public override int TileTokens => 6;

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
        float* x3 = x + (Math.Min(3, tokens - 1) * xStride);
        float* x4 = x + (Math.Min(4, tokens - 1) * xStride);
        float* x5 = x + (Math.Min(5, tokens - 1) * xStride);
        Vector512<float> a00 = default, a01 = default, a02 = default, a03 = default;
        Vector512<float> a10 = default, a11 = default, a12 = default, a13 = default;
        Vector512<float> a20 = default, a21 = default, a22 = default, a23 = default;
        Vector512<float> a30 = default, a31 = default, a32 = default, a33 = default;
        Vector512<float> a40 = default, a41 = default, a42 = default, a43 = default;
        Vector512<float> a50 = default, a51 = default, a52 = default, a53 = default;
        for (nint c = 0; c < columns; c += 16)
        {
            Vector512<float> r0 = Vector512.Load(w + c);
            Vector512<float> r1 = Vector512.Load(w1 + c);
            Vector512<float> r2 = Vector512.Load(w2 + c);
            Vector512<float> r3 = Vector512.Load(w3 + c);
            Vector512<float> t = Vector512.Load(x + c);
            a00 = Avx512F.FusedMultiplyAdd(r0, t, a00);
            a01 = Avx512F.FusedMultiplyAdd(r1, t, a01);
            a02 = Avx512F.FusedMultiplyAdd(r2, t, a02);
            a03 = Avx512F.FusedMultiplyAdd(r3, t, a03);
            t = Vector512.Load(x1 + c);
            a10 = Avx512F.FusedMultiplyAdd(r0, t, a10);
            a11 = Avx512F.FusedMultiplyAdd(r1, t, a11);
            a12 = Avx512F.FusedMultiplyAdd(r2, t, a12);
            a13 = Avx512F.FusedMultiplyAdd(r3, t, a13);
            t = Vector512.Load(x2 + c);
            a20 = Avx512F.FusedMultiplyAdd(r0, t, a20);
            a21 = Avx512F.FusedMultiplyAdd(r1, t, a21);
            a22 = Avx512F.FusedMultiplyAdd(r2, t, a22);
            a23 = Avx512F.FusedMultiplyAdd(r3, t, a23);
            t = Vector512.Load(x3 + c);
            a30 = Avx512F.FusedMultiplyAdd(r0, t, a30);
            a31 = Avx512F.FusedMultiplyAdd(r1, t, a31);
            a32 = Avx512F.FusedMultiplyAdd(r2, t, a32);
            a33 = Avx512F.FusedMultiplyAdd(r3, t, a33);
            t = Vector512.Load(x4 + c);
            a40 = Avx512F.FusedMultiplyAdd(r0, t, a40);
            a41 = Avx512F.FusedMultiplyAdd(r1, t, a41);
            a42 = Avx512F.FusedMultiplyAdd(r2, t, a42);
            a43 = Avx512F.FusedMultiplyAdd(r3, t, a43);
            t = Vector512.Load(x5 + c);
            a50 = Avx512F.FusedMultiplyAdd(r0, t, a50);
            a51 = Avx512F.FusedMultiplyAdd(r1, t, a51);
            a52 = Avx512F.FusedMultiplyAdd(r2, t, a52);
            a53 = Avx512F.FusedMultiplyAdd(r3, t, a53);
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

        if (tokens > 3)
        {
            Store(Sums(a30, a31, a32, a33), y, 3 * yStride, rows, accumulate);
        }

        if (tokens > 4)
        {
            Store(Sums(a40, a41, a42, a43), y, 4 * yStride, rows, accumulate);
        }

        if (tokens > 5)
        {
            Store(Sums(a50, a51, a52, a53), y, 5 * yStride, rows, accumulate);
        }
    }

    /// <inheritdoc />
    public override void WeightedSum(float* p, float* v, int count, int columns, float* y)
    {
        int column = 0;
        for (; column + 64 <= columns; column += 64)
        {
            Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
            float* at = v + column;
            for (int i = 0; i < count; i++, at += columns)
            {
                Vector512<float> weight = Vector512.Create(p[i]);
                a0 = Avx512F.FusedMultiplyAdd(weight, Vector512.Load(at), a0);
                a1 = Avx512F.FusedMultiplyAdd(weight, Vector512.Load(at + 16), a1);
                a2 = Avx512F.FusedMultiplyAdd(weight, Vector512.Load(at + 32), a2);
                a3 = Avx512F.FusedMultiplyAdd(weight, Vector512.Load(at + 48), a3);
            }

            a0.Store(y + column);
            a1.Store(y + column + 16);
            a2.Store(y + column + 32);
            a3.Store(y + column + 48);
        }

        for (; column < columns; column += 16)
        {
            Vector512<float> a = default;
            float* at = v + column;
            for (int i = 0; i < count; i++, at += columns)
            {
                a = Avx512F.FusedMultiplyAdd(Vector512.Create(p[i]), Vector512.Load(at), a);
            }

            a.Store(y + column);
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
            Vector512<float> a0 = Dot<TDecoder>(w, scales, minima, groupShift, isGrouped, x, blocks);
            Vector512<float> a1 = Dot<TDecoder>(
                w + (r1 * rowBytes), scales + (r1 * groups), minima + (r1 * groups), groupShift, isGrouped, x, blocks);
            Vector512<float> a2 = Dot<TDecoder>(
                w + (r2 * rowBytes), scales + (r2 * groups), minima + (r2 * groups), groupShift, isGrouped, x, blocks);
            Vector512<float> a3 = Dot<TDecoder>(
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
    private static Vector512<float> Dot<TDecoder>(
        byte* w, float* scales, float* minima, int groupShift, bool isGrouped, float* x, int blocks)
        where TDecoder : struct, IDecoder
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        int block = 0;
        for (; block + 2 <= blocks; block += 2)
        {
            Sse.Prefetch0(w + PrefetchBytes);
            TDecoder.Decode(w, scales, minima, block >> groupShift, isGrouped, out Vector512<float> low, out Vector512<float> high);
            a = Avx512F.FusedMultiplyAdd(low, Vector512.Load(x), a);
            b = Avx512F.FusedMultiplyAdd(high, Vector512.Load(x + 16), b);
            if (TDecoder.BlockBytes == 64)
            {
                Sse.Prefetch0(w + PrefetchBytes + 64);
            }

            w += TDecoder.BlockBytes;
            TDecoder.Decode(w, scales, minima, (block + 1) >> groupShift, isGrouped, out low, out high);
            c = Avx512F.FusedMultiplyAdd(low, Vector512.Load(x + 32), c);
            d = Avx512F.FusedMultiplyAdd(high, Vector512.Load(x + 48), d);
            w += TDecoder.BlockBytes;
            x += 2 * PackedLayout.BlockColumns;
        }

        if (block < blocks)
        {
            TDecoder.Decode(w, scales, minima, block >> groupShift, isGrouped, out Vector512<float> low, out Vector512<float> high);
            a = Avx512F.FusedMultiplyAdd(low, Vector512.Load(x), a);
            b = Avx512F.FusedMultiplyAdd(high, Vector512.Load(x + 16), b);
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

            Vector512<float> rowScale = Vector512.Create(matrix.RowScales != null ? matrix.RowScales[r] : 1f);
            for (int b = block; b < block + blocks; b++, w += TDecoder.BlockBytes, destination += PackedLayout.BlockColumns)
            {
                TDecoder.Decode(w, scales, minima, b >> matrix.GroupShift, isGrouped, out Vector512<float> low, out Vector512<float> high);
                (low * rowScale).Store(destination);
                (high * rowScale).Store(destination + 16);
            }
        }
    }

    /// <summary>The sum of each of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sums(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        Vector512<float> ab = Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b);
        Vector512<float> cd = Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d);
        Vector512<float> abcd = (Avx512F.UnpackLow(ab.AsDouble(), cd.AsDouble()).AsSingle()
            + Avx512F.UnpackHigh(ab.AsDouble(), cd.AsDouble()).AsSingle());
        Vector256<float> half = abcd.GetLower() + abcd.GetUpper();
        return half.GetLower() + half.GetUpper();
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
