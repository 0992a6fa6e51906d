using System.Runtime.CompilerServices;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <content>FP16 weights.</content>
internal abstract unsafe partial class LaneKernel<TLanes, TWords, TFloats>
{
    /// <summary>Σ half · x of a tile and up to six inputs, all in powers of two that the caller takes back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyHalves<TTokens>(byte* words, int blocks, float* x, TFloats* sums)
        where TTokens : struct, ITokenCount
    {
        // A single input has two more sums: four chains hide the latency of an addition.
        TFloats a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
        TFloats b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0, c0 = a0, d0 = a0;
        float* end = x + ((nint)blocks * PackedLayout.BlockColumns * TTokens.Value);
        for (; x < end; x += 4 * TTokens.Value, words += 2 * sizeof(TWords))
        {
            TWords pairs = TLanes.LoadWords(words);
            FetchPair(words);
            TFloats low = TLanes.LowHalves(pairs), high = TLanes.HighHalves(pairs);
            a0 = Add<TTokens>(0, low, x + 0, a0);
            b0 = Add<TTokens>(0, high, x + 1, b0);
            a1 = Add<TTokens>(1, low, x + 2, a1);
            b1 = Add<TTokens>(1, high, x + 3, b1);
            a2 = Add<TTokens>(2, low, x + 4, a2);
            b2 = Add<TTokens>(2, high, x + 5, b2);
            a3 = Add<TTokens>(3, low, x + 6, a3);
            b3 = Add<TTokens>(3, high, x + 7, b3);
            a4 = Add<TTokens>(4, low, x + 8, a4);
            b4 = Add<TTokens>(4, high, x + 9, b4);
            a5 = Add<TTokens>(5, low, x + 10, a5);
            b5 = Add<TTokens>(5, high, x + 11, b5);

            pairs = TLanes.LoadWords(words + sizeof(TWords));
            low = TLanes.LowHalves(pairs);
            high = TLanes.HighHalves(pairs);
            if (TTokens.Value == 1)
            {
                c0 = Add<TTokens>(0, low, x + 2, c0);
                d0 = Add<TTokens>(0, high, x + 3, d0);
                continue;
            }

            float* next = x + (2 * TTokens.Value);
            a0 = Add<TTokens>(0, low, next + 0, a0);
            b0 = Add<TTokens>(0, high, next + 1, b0);
            a1 = Add<TTokens>(1, low, next + 2, a1);
            b1 = Add<TTokens>(1, high, next + 3, b1);
            a2 = Add<TTokens>(2, low, next + 4, a2);
            b2 = Add<TTokens>(2, high, next + 5, b2);
            a3 = Add<TTokens>(3, low, next + 6, a3);
            b3 = Add<TTokens>(3, high, next + 7, b3);
            a4 = Add<TTokens>(4, low, next + 8, a4);
            b4 = Add<TTokens>(4, high, next + 9, b4);
            a5 = Add<TTokens>(5, low, next + 10, a5);
            b5 = Add<TTokens>(5, high, next + 11, b5);
        }

        sums[0] = TLanes.Add(TLanes.Add(a0, b0), TLanes.Add(c0, d0));
        Set<TTokens>(1, sums, TLanes.Add(a1, b1));
        Set<TTokens>(2, sums, TLanes.Add(a2, b2));
        Set<TTokens>(3, sums, TLanes.Add(a3, b3));
        Set<TTokens>(4, sums, TLanes.Add(a4, b4));
        Set<TTokens>(5, sums, TLanes.Add(a5, b5));
    }
}
