using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using GptQuantBench.Inference.Backends.Cpu.Tiles;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <content>
/// Two to six inputs and two tiles at once, each a stream of memory of its own: what is loaded of the inputs serves two vectors. A word
/// meets its inputs in halves, so that sums, weights and an input fit 16 registers; what is summed once a block lies in memory.
/// </content>
internal abstract unsafe partial class LaneKernel<TLanes, TWords, TFloats>
{
    // Tiles at once.
    private const int Pair = 2;

    private const int PairFetchDistance = 1024;

    private static void MultiplyPairs<TTokens>(
        in TiledMatrixView matrix, TileStreams tiles, InputForm form, in PreparedVectors x, float* y, nint yStride, bool adds)
        where TTokens : struct, ITokenCount
    {
        nint stride = tiles.Stride * (nint)matrix.Layout.TileBytes;
        FetchFirst(matrix.Tile(tiles.First), stride, Pair, PairFetchDistance);
        TFloats* sums = stackalloc TFloats[Pair * TTokens.Value];
        for (int tile = tiles.First, last = tile + tiles.Count; tile < last; tile++)
        {
            byte* first = matrix.Tile(tile);
            switch (form)
            {
                case InputForm.Scaled:
                    MultiplyHalvesPair<TTokens>(first, stride, matrix.Blocks, (float*)x.Values, sums);
                    break;
                case InputForm.Int16:
                    MultiplyInt8Pair<TTokens>(first + matrix.Layout.RowScaleBytes, stride, matrix.Blocks, x, sums);
                    break;
                default:
                    MultiplyInt4Pair<TTokens>(first, stride, matrix.Blocks, matrix.BlocksPerGroup, x, sums);
                    break;
            }

            int second = tile + tiles.Stride;
            TFloats scale = Scale(matrix, tile), other = Scale(matrix, second);
            for (int i = 0; i < TTokens.Value; i++)
            {
                float* to = y + (i * yStride);
                Store(TLanes.Multiply(sums[2 * i], scale), to, tile * TLanes.Count, matrix.Rows, adds);
                Store(TLanes.Multiply(sums[(2 * i) + 1], other), to, second * TLanes.Count, matrix.Rows, adds);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyHalvesPair<TTokens>(byte* words, nint stride, int blocks, float* x, TFloats* sums)
        where TTokens : struct, ITokenCount
    {
        TFloats a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0;
        float* end = x + ((nint)blocks * PackedLayout.BlockColumns * TTokens.Value);
        for (; x < end; x += 2 * TTokens.Value, words += sizeof(TWords))
        {
            FetchPair(words, stride);
            TWords first = TLanes.LoadWords(words), second = TLanes.LoadWords(words + stride);
            TFloats a = TLanes.LowHalves(first), b = TLanes.LowHalves(second);
            AddBoth<TTokens>(0, a, b, x + 0, ref a0, ref b0);
            AddBoth<TTokens>(1, a, b, x + 2, ref a1, ref b1);
            AddBoth<TTokens>(2, a, b, x + 4, ref a2, ref b2);
            AddBoth<TTokens>(3, a, b, x + 6, ref a3, ref b3);
            AddBoth<TTokens>(4, a, b, x + 8, ref a4, ref b4);
            AddBoth<TTokens>(5, a, b, x + 10, ref a5, ref b5);
            a = TLanes.HighHalves(first);
            b = TLanes.HighHalves(second);
            AddBoth<TTokens>(0, a, b, x + 1, ref a0, ref b0);
            AddBoth<TTokens>(1, a, b, x + 3, ref a1, ref b1);
            AddBoth<TTokens>(2, a, b, x + 5, ref a2, ref b2);
            AddBoth<TTokens>(3, a, b, x + 7, ref a3, ref b3);
            AddBoth<TTokens>(4, a, b, x + 9, ref a4, ref b4);
            AddBoth<TTokens>(5, a, b, x + 11, ref a5, ref b5);
        }

        SetBoth<TTokens>(0, sums, a0, b0);
        SetBoth<TTokens>(1, sums, a1, b1);
        SetBoth<TTokens>(2, sums, a2, b2);
        SetBoth<TTokens>(3, sums, a3, b3);
        SetBoth<TTokens>(4, sums, a4, b4);
        SetBoth<TTokens>(5, sums, a5, b5);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyInt8Pair<TTokens>(byte* words, nint stride, int blocks, in PreparedVectors x, TFloats* sums)
        where TTokens : struct, ITokenCount
    {
        Clear<TTokens>(sums);
        int* codes = (int*)x.Values;
        float* scales = x.Scales;
        for (float* end = scales + ((nint)blocks * TTokens.Value); scales < end; scales += TTokens.Value)
        {
            TWords i0 = TLanes.ZeroWords, i1 = i0, i2 = i0, i3 = i0, i4 = i0, i5 = i0, j0 = i0, j1 = i0, j2 = i0, j3 = i0, j4 = i0, j5 = i0;
            for (int word = 0; word < Int8Words; word++, words += sizeof(TWords), codes += 2 * TTokens.Value)
            {
                FetchPair(words, stride);
                TWords a = TLanes.EvenBytes(TLanes.LoadWords(words)), b = TLanes.EvenBytes(TLanes.LoadWords(words + stride));
                AddPairsToBoth<TTokens>(0, a, b, codes + 0, ref i0, ref j0);
                AddPairsToBoth<TTokens>(1, a, b, codes + 2, ref i1, ref j1);
                AddPairsToBoth<TTokens>(2, a, b, codes + 4, ref i2, ref j2);
                AddPairsToBoth<TTokens>(3, a, b, codes + 6, ref i3, ref j3);
                AddPairsToBoth<TTokens>(4, a, b, codes + 8, ref i4, ref j4);
                AddPairsToBoth<TTokens>(5, a, b, codes + 10, ref i5, ref j5);
                a = TLanes.OddBytes(TLanes.LoadWords(words));
                b = TLanes.OddBytes(TLanes.LoadWords(words + stride));
                AddPairsToBoth<TTokens>(0, a, b, codes + 1, ref i0, ref j0);
                AddPairsToBoth<TTokens>(1, a, b, codes + 3, ref i1, ref j1);
                AddPairsToBoth<TTokens>(2, a, b, codes + 5, ref i2, ref j2);
                AddPairsToBoth<TTokens>(3, a, b, codes + 7, ref i3, ref j3);
                AddPairsToBoth<TTokens>(4, a, b, codes + 9, ref i4, ref j4);
                AddPairsToBoth<TTokens>(5, a, b, codes + 11, ref i5, ref j5);
            }

            AddScaled<TTokens>(0, i0, j0, TLanes.Broadcast(1f), TLanes.Broadcast(1f), scales + 0, sums);
            AddScaled<TTokens>(1, i1, j1, TLanes.Broadcast(1f), TLanes.Broadcast(1f), scales + 1, sums);
            AddScaled<TTokens>(2, i2, j2, TLanes.Broadcast(1f), TLanes.Broadcast(1f), scales + 2, sums);
            AddScaled<TTokens>(3, i3, j3, TLanes.Broadcast(1f), TLanes.Broadcast(1f), scales + 3, sums);
            AddScaled<TTokens>(4, i4, j4, TLanes.Broadcast(1f), TLanes.Broadcast(1f), scales + 4, sums);
            AddScaled<TTokens>(5, i5, j5, TLanes.Broadcast(1f), TLanes.Broadcast(1f), scales + 5, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyInt4Pair<TTokens>(
        byte* words, nint stride, int blocks, int blocksPerGroup, in PreparedVectors x, TFloats* sums)
        where TTokens : struct, ITokenCount
    {
        Clear<TTokens>(sums);
        int* codes = (int*)x.Values;
        float* scales = x.Scales;
        int* offsets = x.Offsets;
        byte* group = words;
        for (int block = 0, end = 0; block < blocks; block++, scales += TTokens.Value, offsets += TTokens.Value)
        {
            if (block == end)
            {
                group = words;
                words += TLanes.Count * sizeof(ushort);
                end += blocksPerGroup;
            }

            TWords i0 = Offset<TTokens>(0, offsets), i1 = Offset<TTokens>(1, offsets + 1), i2 = Offset<TTokens>(2, offsets + 2);
            TWords i3 = Offset<TTokens>(3, offsets + 3), i4 = Offset<TTokens>(4, offsets + 4), i5 = Offset<TTokens>(5, offsets + 5);
            TWords j0 = i0, j1 = i1, j2 = i2, j3 = i3, j4 = i4, j5 = i5;
            for (int word = 0; word < Int4Words; word++, words += sizeof(TWords), codes += 2 * TTokens.Value)
            {
                FetchPair(words, stride);
                TWords a = TLanes.LowNibbles(TLanes.LoadWords(words)), b = TLanes.LowNibbles(TLanes.LoadWords(words + stride));
                AddBytesToBoth<TTokens>(0, a, b, codes + 0, ref i0, ref j0);
                AddBytesToBoth<TTokens>(1, a, b, codes + 2, ref i1, ref j1);
                AddBytesToBoth<TTokens>(2, a, b, codes + 4, ref i2, ref j2);
                AddBytesToBoth<TTokens>(3, a, b, codes + 6, ref i3, ref j3);
                AddBytesToBoth<TTokens>(4, a, b, codes + 8, ref i4, ref j4);
                AddBytesToBoth<TTokens>(5, a, b, codes + 10, ref i5, ref j5);
                a = TLanes.HighNibbles(TLanes.LoadWords(words));
                b = TLanes.HighNibbles(TLanes.LoadWords(words + stride));
                AddBytesToBoth<TTokens>(0, a, b, codes + 1, ref i0, ref j0);
                AddBytesToBoth<TTokens>(1, a, b, codes + 3, ref i1, ref j1);
                AddBytesToBoth<TTokens>(2, a, b, codes + 5, ref i2, ref j2);
                AddBytesToBoth<TTokens>(3, a, b, codes + 7, ref i3, ref j3);
                AddBytesToBoth<TTokens>(4, a, b, codes + 9, ref i4, ref j4);
                AddBytesToBoth<TTokens>(5, a, b, codes + 11, ref i5, ref j5);
            }

            TFloats scale = TLanes.LoadHalves((ushort*)group), other = TLanes.LoadHalves((ushort*)(group + stride));
            AddScaled<TTokens>(0, TLanes.SumPairs(i0), TLanes.SumPairs(j0), scale, other, scales + 0, sums);
            AddScaled<TTokens>(1, TLanes.SumPairs(i1), TLanes.SumPairs(j1), scale, other, scales + 1, sums);
            AddScaled<TTokens>(2, TLanes.SumPairs(i2), TLanes.SumPairs(j2), scale, other, scales + 2, sums);
            AddScaled<TTokens>(3, TLanes.SumPairs(i3), TLanes.SumPairs(j3), scale, other, scales + 3, sums);
            AddScaled<TTokens>(4, TLanes.SumPairs(i4), TLanes.SumPairs(j4), scale, other, scales + 4, sums);
            AddScaled<TTokens>(5, TLanes.SumPairs(i5), TLanes.SumPairs(j5), scale, other, scales + 5, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddBoth<TTokens>(int index, TFloats a, TFloats b, float* x, ref TFloats first, ref TFloats second)
        where TTokens : struct, ITokenCount
    {
        if (TTokens.Value > index)
        {
            TFloats input = TLanes.Broadcast(*x);
            first = TLanes.MultiplyAdd(a, input, first);
            second = TLanes.MultiplyAdd(b, input, second);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPairsToBoth<TTokens>(int index, TWords a, TWords b, int* codes, ref TWords first, ref TWords second)
        where TTokens : struct, ITokenCount
    {
        if (TTokens.Value > index)
        {
            TWords input = TLanes.Broadcast(*codes);
            first = TLanes.Add(first, TLanes.MultiplyPairs(a, input));
            second = TLanes.Add(second, TLanes.MultiplyPairs(b, input));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddBytesToBoth<TTokens>(int index, TWords a, TWords b, int* codes, ref TWords first, ref TWords second)
        where TTokens : struct, ITokenCount
    {
        if (TTokens.Value > index)
        {
            TWords input = TLanes.Broadcast(*codes);
            first = TLanes.AddPairs(first, TLanes.MultiplyBytes(a, input));
            second = TLanes.AddPairs(second, TLanes.MultiplyBytes(b, input));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddScaled<TTokens>(
        int index, TWords first, TWords second, TFloats scale, TFloats other, float* inputScale, TFloats* sums)
        where TTokens : struct, ITokenCount
    {
        if (TTokens.Value > index)
        {
            TFloats input = TLanes.Broadcast(*inputScale);
            sums[2 * index] = TLanes.MultiplyAdd(TLanes.ToFloats(first), TLanes.Multiply(scale, input), sums[2 * index]);
            sums[(2 * index) + 1] = TLanes.MultiplyAdd(TLanes.ToFloats(second), TLanes.Multiply(other, input), sums[(2 * index) + 1]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SetBoth<TTokens>(int index, TFloats* sums, TFloats first, TFloats second)
        where TTokens : struct, ITokenCount
    {
        if (TTokens.Value > index)
        {
            sums[2 * index] = first;
            sums[(2 * index) + 1] = second;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear<TTokens>(TFloats* sums)
        where TTokens : struct, ITokenCount
    {
        for (int i = 0; i < 2 * TTokens.Value; i++)
        {
            sums[i] = TLanes.Zero;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchPair(byte* words, nint stride)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(words + PairFetchDistance);
            Sse.Prefetch0(words + stride + PairFetchDistance);
        }
    }
}
