using System.Runtime.CompilerServices;
using GptQuantBench.Inference.Backends.Cpu.Tiles;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <content>4-bit weights and 8-bit inputs.</content>
internal abstract unsafe partial class LaneKernel<TLanes, TWords, TFloats>
{
    // 32-bit words of a block. Its 32 products of at most 15 · 127 add up to two 16-bit sums of 16 each, below 2^15.
    private const int Int4Words = 4;

    /// <summary>Σ over blocks of scale · Σ code · x, exact in each block, and of the minima.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyInt4<TTokens>(in TiledMatrixView matrix, int tile, PreparedInput x, int token, TFloats* sums)
        where TTokens : struct, ITokenCount
    {
        TFloats a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
        byte* words = matrix.Tile(tile);
        int* codes = (int*)x.Int8(token);
        nint stride = x.Stride / 4;
        float* scales = x.Scales(token);
        int* offsets = x.Offsets(token);
        float* inputSums = x.Sums(token);
        nint blockStride = x.BlockStride;
        TFloats scale = TLanes.Zero, minimum = scale;
        for (int block = 0, end = 0; block < matrix.Blocks; block++)
        {
            if (block == end)
            {
                scale = TLanes.LoadHalves((ushort*)words);
                words += TLanes.Count * sizeof(ushort);
                if (matrix.HasMinima)
                {
                    minimum = TLanes.LoadHalves((ushort*)words);
                    words += TLanes.Count * sizeof(ushort);
                }

                end += matrix.BlocksPerGroup;
            }

            TWords i0 = TLanes.ZeroWords, i1 = i0, i2 = i0, i3 = i0, i4 = i0, i5 = i0;
            for (int word = 0; word < Int4Words; word++, words += sizeof(TWords), codes += 2)
            {
                TWords eight = TLanes.LoadWords(words);
                FetchAhead(words);
                TWords low = TLanes.LowNibbles(eight), high = TLanes.HighNibbles(eight);
                i0 = AddBytes<TTokens>(0, low, high, codes + (0 * stride), i0);
                i1 = AddBytes<TTokens>(1, low, high, codes + (1 * stride), i1);
                i2 = AddBytes<TTokens>(2, low, high, codes + (2 * stride), i2);
                i3 = AddBytes<TTokens>(3, low, high, codes + (3 * stride), i3);
                i4 = AddBytes<TTokens>(4, low, high, codes + (4 * stride), i4);
                i5 = AddBytes<TTokens>(5, low, high, codes + (5 * stride), i5);
            }

            if (matrix.HasMinima)
            {
                a0 = Add<TTokens>(0, minimum, inputSums + (0 * blockStride) + block, a0);
                a1 = Add<TTokens>(1, minimum, inputSums + (1 * blockStride) + block, a1);
                a2 = Add<TTokens>(2, minimum, inputSums + (2 * blockStride) + block, a2);
                a3 = Add<TTokens>(3, minimum, inputSums + (3 * blockStride) + block, a3);
                a4 = Add<TTokens>(4, minimum, inputSums + (4 * blockStride) + block, a4);
                a5 = Add<TTokens>(5, minimum, inputSums + (5 * blockStride) + block, a5);
                i0 = TLanes.SumPairs(i0);
                i1 = TLanes.SumPairs(i1);
                i2 = TLanes.SumPairs(i2);
                i3 = TLanes.SumPairs(i3);
                i4 = TLanes.SumPairs(i4);
                i5 = TLanes.SumPairs(i5);
            }
            else
            {
                i0 = Centred<TTokens>(0, i0, offsets + (0 * blockStride) + block);
                i1 = Centred<TTokens>(1, i1, offsets + (1 * blockStride) + block);
                i2 = Centred<TTokens>(2, i2, offsets + (2 * blockStride) + block);
                i3 = Centred<TTokens>(3, i3, offsets + (3 * blockStride) + block);
                i4 = Centred<TTokens>(4, i4, offsets + (4 * blockStride) + block);
                i5 = Centred<TTokens>(5, i5, offsets + (5 * blockStride) + block);
            }

            a0 = Scaled<TTokens>(0, i0, scale, scales + (0 * blockStride) + block, a0);
            a1 = Scaled<TTokens>(1, i1, scale, scales + (1 * blockStride) + block, a1);
            a2 = Scaled<TTokens>(2, i2, scale, scales + (2 * blockStride) + block, a2);
            a3 = Scaled<TTokens>(3, i3, scale, scales + (3 * blockStride) + block, a3);
            a4 = Scaled<TTokens>(4, i4, scale, scales + (4 * blockStride) + block, a4);
            a5 = Scaled<TTokens>(5, i5, scale, scales + (5 * blockStride) + block, a5);
        }

        Set<TTokens>(0, sums, a0);
        Set<TTokens>(1, sums, a1);
        Set<TTokens>(2, sums, a2);
        Set<TTokens>(3, sums, a3);
        Set<TTokens>(4, sums, a4);
        Set<TTokens>(5, sums, a5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TWords AddBytes<TTokens>(int index, TWords low, TWords high, int* codes, TWords sum)
        where TTokens : struct, ITokenCount => TTokens.Value <= index
            ? sum
            : TLanes.AddPairs(
                sum,
                TLanes.AddPairs(
                    TLanes.MultiplyBytes(low, TLanes.Broadcast(codes[0])), TLanes.MultiplyBytes(high, TLanes.Broadcast(codes[1]))));

    /// <summary>A code c of a symmetric format means c − 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TWords Centred<TTokens>(int index, TWords pairs, int* offset)
        where TTokens : struct, ITokenCount => TTokens.Value <= index
            ? pairs
            : TLanes.Subtract(TLanes.SumPairs(pairs), TLanes.Broadcast(*offset));
}
