using System.Runtime.CompilerServices;
using GptQuantBench.Inference.Backends.Cpu.Tiles;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <content>8-bit weights and 16-bit inputs.</content>
internal abstract unsafe partial class LaneKernel<TLanes, TWords, TFloats>
{
    // 32-bit words of a block.
    private const int Int8Words = 8;

    /// <summary>Σ over blocks of scale · Σ code · x, exact in each block, without the scale of a whole row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyInt8<TTokens>(in TiledMatrixView matrix, int tile, in PreparedVectors x, TFloats* sums)
        where TTokens : struct, ITokenCount
    {
        TFloats a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
        byte* words = matrix.Tile(tile) + matrix.Layout.RowScaleBytes;
        int* codes = (int*)x.Values;
        float* scales = x.Scales;
        TFloats scale = TLanes.Broadcast(1f);
        for (int block = 0, end = 0; block < matrix.Blocks; block++, scales += TTokens.Value)
        {
            if (matrix.IsGrouped && block == end)
            {
                scale = TLanes.LoadHalves((ushort*)words);
                words += TLanes.Count * sizeof(ushort);
                end += matrix.BlocksPerGroup;
            }

            TWords i0 = TLanes.ZeroWords, i1 = i0, i2 = i0, i3 = i0, i4 = i0, i5 = i0;
            for (int word = 0; word < Int8Words; word += 2, words += 2 * sizeof(TWords), codes += 4 * TTokens.Value)
            {
                TWords four = TLanes.LoadWords(words);
                FetchPair(words);
                TWords even = TLanes.EvenBytes(four), odd = TLanes.OddBytes(four);
                i0 = AddPairs<TTokens>(0, even, odd, codes + 0, i0);
                i1 = AddPairs<TTokens>(1, even, odd, codes + 2, i1);
                i2 = AddPairs<TTokens>(2, even, odd, codes + 4, i2);
                i3 = AddPairs<TTokens>(3, even, odd, codes + 6, i3);
                i4 = AddPairs<TTokens>(4, even, odd, codes + 8, i4);
                i5 = AddPairs<TTokens>(5, even, odd, codes + 10, i5);

                four = TLanes.LoadWords(words + sizeof(TWords));
                even = TLanes.EvenBytes(four);
                odd = TLanes.OddBytes(four);
                int* next = codes + (2 * TTokens.Value);
                i0 = AddPairs<TTokens>(0, even, odd, next + 0, i0);
                i1 = AddPairs<TTokens>(1, even, odd, next + 2, i1);
                i2 = AddPairs<TTokens>(2, even, odd, next + 4, i2);
                i3 = AddPairs<TTokens>(3, even, odd, next + 6, i3);
                i4 = AddPairs<TTokens>(4, even, odd, next + 8, i4);
                i5 = AddPairs<TTokens>(5, even, odd, next + 10, i5);
            }

            a0 = Scaled<TTokens>(0, i0, scale, scales + 0, a0);
            a1 = Scaled<TTokens>(1, i1, scale, scales + 1, a1);
            a2 = Scaled<TTokens>(2, i2, scale, scales + 2, a2);
            a3 = Scaled<TTokens>(3, i3, scale, scales + 3, a3);
            a4 = Scaled<TTokens>(4, i4, scale, scales + 4, a4);
            a5 = Scaled<TTokens>(5, i5, scale, scales + 5, a5);
        }

        Set<TTokens>(0, sums, a0);
        Set<TTokens>(1, sums, a1);
        Set<TTokens>(2, sums, a2);
        Set<TTokens>(3, sums, a3);
        Set<TTokens>(4, sums, a4);
        Set<TTokens>(5, sums, a5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TWords AddPairs<TTokens>(int index, TWords even, TWords odd, int* codes, TWords sum)
        where TTokens : struct, ITokenCount => TTokens.Value <= index
            ? sum
            : TLanes.Add(
                sum,
                TLanes.Add(TLanes.MultiplyPairs(even, TLanes.Broadcast(codes[0])), TLanes.MultiplyPairs(odd, TLanes.Broadcast(codes[1]))));
}
