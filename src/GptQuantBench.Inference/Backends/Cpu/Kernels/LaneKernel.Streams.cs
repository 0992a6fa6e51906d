using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using GptQuantBench.Inference.Backends.Cpu.Tiles;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <content>
/// One input and four tiles at once. A prefetcher follows each stream up to the end of its page, and four streams end their
/// pages at different times; what is loaded of the input serves four vectors.
/// </content>
internal abstract unsafe partial class LaneKernel<TLanes, TWords, TFloats>
{
    /// <summary>Tiles at once.</summary>
    internal const int Streams = 4;

    // Bytes ahead of what is read, in each stream.
    private const int StreamFetchDistance = 512;

    private static void MultiplyStreams(
        in TiledMatrixView matrix, TileStreams tiles, InputForm form, in PreparedVectors x, float* y, bool adds)
    {
        nint stride = tiles.Stride * (nint)matrix.Layout.TileBytes;
        FetchFirst(matrix.Tile(tiles.First), stride, Streams, StreamFetchDistance);
        TFloats* sums = stackalloc TFloats[Streams];
        for (int tile = tiles.First, last = tile + tiles.Count; tile < last; tile++)
        {
            byte* first = matrix.Tile(tile);
            switch (form)
            {
                case InputForm.Scaled:
                    MultiplyHalves(first, stride, matrix.Blocks, (float*)x.Values, sums);
                    break;
                case InputForm.Int16:
                    MultiplyInt8(first + matrix.Layout.RowScaleBytes, stride, matrix.Blocks, (int*)x.Values, x.Scales, sums);
                    break;
                default:
                    MultiplyInt4(first, stride, matrix.Blocks, matrix.BlocksPerGroup, x, sums);
                    break;
            }

            for (int i = 0; i < Streams; i++)
            {
                int at = tile + (i * tiles.Stride);
                Store(TLanes.Multiply(sums[i], Scale(matrix, at)), y, at * TLanes.Count, matrix.Rows, adds);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyHalves(byte* words, nint stride, int blocks, float* x, TFloats* sums)
    {
        // Two sums a tile: eight chains hide the latency of an addition.
        TFloats a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        byte* third = words + (2 * stride);
        for (float* end = x + ((nint)blocks * PackedLayout.BlockColumns); x < end; x += 4, words += 2 * sizeof(TWords), third += 2 * sizeof(TWords))
        {
            FetchStreams(words, stride, third);
            TFloats even = TLanes.Broadcast(x[0]), odd = TLanes.Broadcast(x[1]);
            TWords pairs = TLanes.LoadWords(words);
            a0 = TLanes.MultiplyAdd(TLanes.LowHalves(pairs), even, a0);
            b0 = TLanes.MultiplyAdd(TLanes.HighHalves(pairs), odd, b0);
            pairs = TLanes.LoadWords(words + stride);
            a1 = TLanes.MultiplyAdd(TLanes.LowHalves(pairs), even, a1);
            b1 = TLanes.MultiplyAdd(TLanes.HighHalves(pairs), odd, b1);
            pairs = TLanes.LoadWords(third);
            a2 = TLanes.MultiplyAdd(TLanes.LowHalves(pairs), even, a2);
            b2 = TLanes.MultiplyAdd(TLanes.HighHalves(pairs), odd, b2);
            pairs = TLanes.LoadWords(third + stride);
            a3 = TLanes.MultiplyAdd(TLanes.LowHalves(pairs), even, a3);
            b3 = TLanes.MultiplyAdd(TLanes.HighHalves(pairs), odd, b3);

            even = TLanes.Broadcast(x[2]);
            odd = TLanes.Broadcast(x[3]);
            pairs = TLanes.LoadWords(words + sizeof(TWords));
            a0 = TLanes.MultiplyAdd(TLanes.LowHalves(pairs), even, a0);
            b0 = TLanes.MultiplyAdd(TLanes.HighHalves(pairs), odd, b0);
            pairs = TLanes.LoadWords(words + stride + sizeof(TWords));
            a1 = TLanes.MultiplyAdd(TLanes.LowHalves(pairs), even, a1);
            b1 = TLanes.MultiplyAdd(TLanes.HighHalves(pairs), odd, b1);
            pairs = TLanes.LoadWords(third + sizeof(TWords));
            a2 = TLanes.MultiplyAdd(TLanes.LowHalves(pairs), even, a2);
            b2 = TLanes.MultiplyAdd(TLanes.HighHalves(pairs), odd, b2);
            pairs = TLanes.LoadWords(third + stride + sizeof(TWords));
            a3 = TLanes.MultiplyAdd(TLanes.LowHalves(pairs), even, a3);
            b3 = TLanes.MultiplyAdd(TLanes.HighHalves(pairs), odd, b3);
        }

        sums[0] = TLanes.Add(a0, b0);
        sums[1] = TLanes.Add(a1, b1);
        sums[2] = TLanes.Add(a2, b2);
        sums[3] = TLanes.Add(a3, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyInt8(byte* words, nint stride, int blocks, int* codes, float* scales, TFloats* sums)
    {
        TFloats a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0;
        byte* third = words + (2 * stride);
        for (float* end = scales + blocks; scales < end; scales++)
        {
            TWords i0 = TLanes.ZeroWords, i1 = i0, i2 = i0, i3 = i0;
            for (int word = 0; word < Int8Words; word += 2, words += 2 * sizeof(TWords), third += 2 * sizeof(TWords), codes += 4)
            {
                FetchStreams(words, stride, third);
                TWords even = TLanes.Broadcast(codes[0]), odd = TLanes.Broadcast(codes[1]);
                i0 = AddPairs(words, even, odd, i0);
                i1 = AddPairs(words + stride, even, odd, i1);
                i2 = AddPairs(third, even, odd, i2);
                i3 = AddPairs(third + stride, even, odd, i3);
                even = TLanes.Broadcast(codes[2]);
                odd = TLanes.Broadcast(codes[3]);
                i0 = AddPairs(words + sizeof(TWords), even, odd, i0);
                i1 = AddPairs(words + stride + sizeof(TWords), even, odd, i1);
                i2 = AddPairs(third + sizeof(TWords), even, odd, i2);
                i3 = AddPairs(third + stride + sizeof(TWords), even, odd, i3);
            }

            TFloats scale = TLanes.Broadcast(*scales);
            a0 = TLanes.MultiplyAdd(TLanes.ToFloats(i0), scale, a0);
            a1 = TLanes.MultiplyAdd(TLanes.ToFloats(i1), scale, a1);
            a2 = TLanes.MultiplyAdd(TLanes.ToFloats(i2), scale, a2);
            a3 = TLanes.MultiplyAdd(TLanes.ToFloats(i3), scale, a3);
        }

        sums[0] = a0;
        sums[1] = a1;
        sums[2] = a2;
        sums[3] = a3;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyInt4(byte* words, nint stride, int blocks, int blocksPerGroup, in PreparedVectors x, TFloats* sums)
    {
        TFloats a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0;
        byte* third = words + (2 * stride), group = words;
        int* codes = (int*)x.Values;
        float* scales = x.Scales;
        int* offsets = x.Offsets;
        for (int block = 0, end = 0; block < blocks; block++)
        {
            if (block == end)
            {
                group = words;
                words += TLanes.Count * sizeof(ushort);
                third += TLanes.Count * sizeof(ushort);
                end += blocksPerGroup;
            }

            TWords i0 = TLanes.Broadcast(offsets[block]), i1 = i0, i2 = i0, i3 = i0;
            for (int word = 0; word < Int4Words; word += 2, words += 2 * sizeof(TWords), third += 2 * sizeof(TWords), codes += 4)
            {
                FetchStreams(words, stride, third);
                TWords first = TLanes.Broadcast(codes[0]), second = TLanes.Broadcast(codes[1]);
                i0 = AddBytes(words, first, second, i0);
                i1 = AddBytes(words + stride, first, second, i1);
                i2 = AddBytes(third, first, second, i2);
                i3 = AddBytes(third + stride, first, second, i3);
                first = TLanes.Broadcast(codes[2]);
                second = TLanes.Broadcast(codes[3]);
                i0 = AddBytes(words + sizeof(TWords), first, second, i0);
                i1 = AddBytes(words + stride + sizeof(TWords), first, second, i1);
                i2 = AddBytes(third + sizeof(TWords), first, second, i2);
                i3 = AddBytes(third + stride + sizeof(TWords), first, second, i3);
            }

            TFloats scale = TLanes.Broadcast(scales[block]);
            a0 = AddScaled(i0, scale, group, a0);
            a1 = AddScaled(i1, scale, group + stride, a1);
            a2 = AddScaled(i2, scale, group + (2 * stride), a2);
            a3 = AddScaled(i3, scale, group + (3 * stride), a3);
        }

        sums[0] = a0;
        sums[1] = a1;
        sums[2] = a2;
        sums[3] = a3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TWords AddPairs(byte* words, TWords even, TWords odd, TWords sum)
    {
        TWords four = TLanes.LoadWords(words);
        return TLanes.Add(
            sum, TLanes.Add(TLanes.MultiplyPairs(TLanes.EvenBytes(four), even), TLanes.MultiplyPairs(TLanes.OddBytes(four), odd)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TWords AddBytes(byte* words, TWords first, TWords second, TWords sum)
    {
        TWords eight = TLanes.LoadWords(words);
        return TLanes.AddPairs(
            sum,
            TLanes.AddPairs(
                TLanes.MultiplyBytes(TLanes.LowNibbles(eight), first), TLanes.MultiplyBytes(TLanes.HighNibbles(eight), second)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloats AddScaled(TWords pairs, TFloats scale, byte* group, TFloats sum) => TLanes.MultiplyAdd(
        TLanes.ToFloats(TLanes.SumPairs(pairs)), TLanes.Multiply(scale, TLanes.LoadHalves((ushort*)group)), sum);

    /// <summary>Asks for what the loops do not ask for: the first bytes of each stream.</summary>
    private static void FetchFirst(byte* words, nint stride, int streams, int bytes)
    {
        for (int at = 0; at < bytes && Sse.IsSupported; at += LineBytes)
        {
            for (int stream = 0; stream < streams; stream++)
            {
                Sse.Prefetch0(words + (stream * stride) + at);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchStreams(byte* words, nint stride, byte* third)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(words + StreamFetchDistance);
            Sse.Prefetch0(words + stride + StreamFetchDistance);
            Sse.Prefetch0(third + StreamFetchDistance);
            Sse.Prefetch0(third + stride + StreamFetchDistance);
        }
    }
}
