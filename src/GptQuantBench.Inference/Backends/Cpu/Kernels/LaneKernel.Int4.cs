using System.Runtime.CompilerServices;
using GptQuantBench.Inference.Backends.Cpu.Tiles;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <content>4-bit weights and 8-bit inputs.</content>
internal abstract unsafe partial class LaneKernel<TLanes, TWords, TFloats>
{
    // 32-bit words of a block. Its 32 products of at most 15 · 127 add up to two 16-bit sums of 16 each, below 2^15; where the code 8
    // means 0, sums on the way may wrap around, and what they end at is below 2^15.
    private const int Int4Words = 4;

    /// <summary>Σ over blocks of scale · Σ code · x, exact in each block, and of the minima.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyInt4<TTokens>(in TiledMatrixView matrix, int tile, in PreparedVectors x, TFloats* sums)
        where TTokens : struct, ITokenCount
    {
        TFloats a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
        byte* words = matrix.Tile(tile);
        int* codes = (int*)x.Values;
        float* scales = x.Scales;
        int* offsets = x.Offsets;
        float* inputSums = x.Sums;
        TFloats scale = TLanes.Zero, minimum = scale;
        for (int block = 0, end = 0; block < matrix.Blocks;
            block++, scales += TTokens.Value, offsets += TTokens.Value, inputSums += TTokens.Value)
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
            if (matrix.HasMinima)
            {
                a0 = Add<TTokens>(0, minimum, inputSums + 0, a0);
                a1 = Add<TTokens>(1, minimum, inputSums + 1, a1);
                a2 = Add<TTokens>(2, minimum, inputSums + 2, a2);
                a3 = Add<TTokens>(3, minimum, inputSums + 3, a3);
                a4 = Add<TTokens>(4, minimum, inputSums + 4, a4);
                a5 = Add<TTokens>(5, minimum, inputSums + 5, a5);
            }
            else
            {
                i0 = Offset<TTokens>(0, offsets + 0);
                i1 = Offset<TTokens>(1, offsets + 1);
                i2 = Offset<TTokens>(2, offsets + 2);
                i3 = Offset<TTokens>(3, offsets + 3);
                i4 = Offset<TTokens>(4, offsets + 4);
                i5 = Offset<TTokens>(5, offsets + 5);
            }

            for (int word = 0; word < Int4Words; word += 2, words += 2 * sizeof(TWords), codes += 4 * TTokens.Value)
            {
                TWords eight = TLanes.LoadWords(words);
                FetchPair(words);
                TWords low = TLanes.LowNibbles(eight), high = TLanes.HighNibbles(eight);
                i0 = AddBytes<TTokens>(0, low, high, codes + 0, i0);
                i1 = AddBytes<TTokens>(1, low, high, codes + 2, i1);
                i2 = AddBytes<TTokens>(2, low, high, codes + 4, i2);
                i3 = AddBytes<TTokens>(3, low, high, codes + 6, i3);
                i4 = AddBytes<TTokens>(4, low, high, codes + 8, i4);
                i5 = AddBytes<TTokens>(5, low, high, codes + 10, i5);

                eight = TLanes.LoadWords(words + sizeof(TWords));
                low = TLanes.LowNibbles(eight);
                high = TLanes.HighNibbles(eight);
                int* next = codes + (2 * TTokens.Value);
                i0 = AddBytes<TTokens>(0, low, high, next + 0, i0);
                i1 = AddBytes<TTokens>(1, low, high, next + 2, i1);
                i2 = AddBytes<TTokens>(2, low, high, next + 4, i2);
                i3 = AddBytes<TTokens>(3, low, high, next + 6, i3);
                i4 = AddBytes<TTokens>(4, low, high, next + 8, i4);
                i5 = AddBytes<TTokens>(5, low, high, next + 10, i5);
            }

            a0 = Scaled<TTokens>(0, TLanes.SumPairs(i0), scale, scales + 0, a0);
            a1 = Scaled<TTokens>(1, TLanes.SumPairs(i1), scale, scales + 1, a1);
            a2 = Scaled<TTokens>(2, TLanes.SumPairs(i2), scale, scales + 2, a2);
            a3 = Scaled<TTokens>(3, TLanes.SumPairs(i3), scale, scales + 3, a3);
            a4 = Scaled<TTokens>(4, TLanes.SumPairs(i4), scale, scales + 4, a4);
            a5 = Scaled<TTokens>(5, TLanes.SumPairs(i5), scale, scales + 5, a5);
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

    /// <summary>What a block's sums of a symmetric format start from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TWords Offset<TTokens>(int index, int* offset)
        where TTokens : struct, ITokenCount => TTokens.Value <= index ? TLanes.ZeroWords : TLanes.Broadcast(*offset);
}
