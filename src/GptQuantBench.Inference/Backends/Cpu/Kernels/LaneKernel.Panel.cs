using System.Runtime.CompilerServices;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <content>FP32 and FP16 panels times many inputs.</content>
internal abstract unsafe partial class LaneKernel<TLanes, TWords, TFloats>
{
    /// <inheritdoc />
    public sealed override void MultiplyPanel(
        float* panel, nint columnStride, nint vectorStride, int columns, float* x, int tokens, float* y, nint yStride, int rows, bool adds) =>
        MultiplyPanelOf(panel, columnStride, vectorStride, columns, x, tokens, y, yStride, rows, adds);

    /// <inheritdoc />
    public sealed override void MultiplyHalfPanel(
        Half* panel, nint columnStride, nint vectorStride, int columns, float* x, int tokens, float* y, nint yStride, int rows, bool adds) =>
        MultiplyPanelOf(panel, columnStride, vectorStride, columns, x, tokens, y, yStride, rows, adds);

    private static void MultiplyPanelOf<T>(
        T* panel, nint columnStride, nint vectorStride, int columns, float* x, int tokens, float* y, nint yStride, int rows, bool adds)
        where T : unmanaged
    {
        if (tokens == 1)
        {
            MultiplyOne(panel, columnStride, vectorStride, columns, x, y, rows, adds);
            return;
        }

        TFloats* sums = stackalloc TFloats[2 * Tokens.MostInPanels];
        for (int row = 0; row < rows; row += 2 * TLanes.Count, panel += 2 * vectorStride)
        {
            // A second vector that is not there repeats the first.
            nint second = row + TLanes.Count < rows ? vectorStride : 0;
            if (tokens <= Tokens.Most)
            {
                MultiplyPair<Tokens.Six, T>(panel, second, columnStride, columns, x, sums);
            }
            else
            {
                MultiplyPair<Tokens.Twelve, T>(panel, second, columnStride, columns, x, sums);
            }

            for (int token = 0; token < tokens; token++)
            {
                Store(sums[2 * token], y + (token * yStride), row, rows, adds);
                if (second != 0)
                {
                    Store(sums[(2 * token) + 1], y + (token * yStride), row + TLanes.Count, rows, adds);
                }
            }
        }
    }

    /// <summary>Two vectors of rows and six or twelve inputs: every value of the panel is loaded once and meets all of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyPair<TTokens, T>(T* panel, nint second, nint columnStride, int columns, float* x, TFloats* sums)
        where TTokens : struct, ITokenCount
        where T : unmanaged
    {
        TFloats a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0, a9 = a0, a10 = a0, a11 = a0;
        TFloats b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0, b6 = a0, b7 = a0, b8 = a0, b9 = a0, b10 = a0, b11 = a0;
        for (float* end = x + ((nint)columns * TTokens.Value); x < end; x += TTokens.Value, panel += columnStride)
        {
            TFloats a = Load(panel), b = Load(panel + second);
            a0 = Add<TTokens>(0, a, x + 0, a0);
            b0 = Add<TTokens>(0, b, x + 0, b0);
            a1 = Add<TTokens>(1, a, x + 1, a1);
            b1 = Add<TTokens>(1, b, x + 1, b1);
            a2 = Add<TTokens>(2, a, x + 2, a2);
            b2 = Add<TTokens>(2, b, x + 2, b2);
            a3 = Add<TTokens>(3, a, x + 3, a3);
            b3 = Add<TTokens>(3, b, x + 3, b3);
            a4 = Add<TTokens>(4, a, x + 4, a4);
            b4 = Add<TTokens>(4, b, x + 4, b4);
            a5 = Add<TTokens>(5, a, x + 5, a5);
            b5 = Add<TTokens>(5, b, x + 5, b5);
            a6 = Add<TTokens>(6, a, x + 6, a6);
            b6 = Add<TTokens>(6, b, x + 6, b6);
            a7 = Add<TTokens>(7, a, x + 7, a7);
            b7 = Add<TTokens>(7, b, x + 7, b7);
            a8 = Add<TTokens>(8, a, x + 8, a8);
            b8 = Add<TTokens>(8, b, x + 8, b8);
            a9 = Add<TTokens>(9, a, x + 9, a9);
            b9 = Add<TTokens>(9, b, x + 9, b9);
            a10 = Add<TTokens>(10, a, x + 10, a10);
            b10 = Add<TTokens>(10, b, x + 10, b10);
            a11 = Add<TTokens>(11, a, x + 11, a11);
            b11 = Add<TTokens>(11, b, x + 11, b11);
        }

        Set<TTokens>(0, sums + 0, a0);
        Set<TTokens>(0, sums + 0 + 1, b0);
        Set<TTokens>(1, sums + 1, a1);
        Set<TTokens>(1, sums + 1 + 1, b1);
        Set<TTokens>(2, sums + 2, a2);
        Set<TTokens>(2, sums + 2 + 1, b2);
        Set<TTokens>(3, sums + 3, a3);
        Set<TTokens>(3, sums + 3 + 1, b3);
        Set<TTokens>(4, sums + 4, a4);
        Set<TTokens>(4, sums + 4 + 1, b4);
        Set<TTokens>(5, sums + 5, a5);
        Set<TTokens>(5, sums + 5 + 1, b5);
        Set<TTokens>(6, sums + 6, a6);
        Set<TTokens>(6, sums + 6 + 1, b6);
        Set<TTokens>(7, sums + 7, a7);
        Set<TTokens>(7, sums + 7 + 1, b7);
        Set<TTokens>(8, sums + 8, a8);
        Set<TTokens>(8, sums + 8 + 1, b8);
        Set<TTokens>(9, sums + 9, a9);
        Set<TTokens>(9, sums + 9 + 1, b9);
        Set<TTokens>(10, sums + 10, a10);
        Set<TTokens>(10, sums + 10 + 1, b10);
        Set<TTokens>(11, sums + 11, a11);
        Set<TTokens>(11, sums + 11 + 1, b11);
    }

    /// <summary>One input: eight or four vectors of rows at a time, whose chains hide the latency of an addition.</summary>
    private static void MultiplyOne<T>(T* panel, nint columnStride, nint vectorStride, int columns, float* x, float* y, int rows, bool adds)
        where T : unmanaged
    {
        int row = 0;
        for (; TLanes.ReadsStreams && row + (8 * TLanes.Count) <= rows; row += 8 * TLanes.Count, panel += 8 * vectorStride)
        {
            MultiplyEight(panel, columnStride, vectorStride, columns, x, y + row, adds);
        }

        for (; row < rows; row += 4 * TLanes.Count, panel += 4 * vectorStride)
        {
            MultiplyFour(panel, columnStride, vectorStride, columns, x, y + row, rows - row, adds);
        }
    }

    /// <summary>Where a column's vectors are neighbours, a whole row of values for attention: one stream of memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyEight<T>(T* panel, nint columnStride, nint vectorStride, int columns, float* x, float* y, bool adds)
        where T : unmanaged
    {
        TFloats a = TLanes.Zero, b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        T* fourth = panel + (3 * vectorStride), seventh = panel + (6 * vectorStride);
        for (float* end = x + columns; x < end; x++, panel += columnStride, fourth += columnStride, seventh += columnStride)
        {
            TFloats input = TLanes.Broadcast(*x);
            a = TLanes.MultiplyAdd(Load(panel), input, a);
            b = TLanes.MultiplyAdd(Load(panel + vectorStride), input, b);
            c = TLanes.MultiplyAdd(Load(panel + (2 * vectorStride)), input, c);
            d = TLanes.MultiplyAdd(Load(fourth), input, d);
            e = TLanes.MultiplyAdd(Load(fourth + vectorStride), input, e);
            f = TLanes.MultiplyAdd(Load(fourth + (2 * vectorStride)), input, f);
            g = TLanes.MultiplyAdd(Load(seventh), input, g);
            h = TLanes.MultiplyAdd(Load(seventh + vectorStride), input, h);
        }

        const int all = int.MaxValue;
        Store(a, y, 0, all, adds);
        Store(b, y, TLanes.Count, all, adds);
        Store(c, y, 2 * TLanes.Count, all, adds);
        Store(d, y, 3 * TLanes.Count, all, adds);
        Store(e, y, 4 * TLanes.Count, all, adds);
        Store(f, y, 5 * TLanes.Count, all, adds);
        Store(g, y, 6 * TLanes.Count, all, adds);
        Store(h, y, 7 * TLanes.Count, all, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFour<T>(T* panel, nint columnStride, nint vectorStride, int columns, float* x, float* y, int rows, bool adds)
        where T : unmanaged
    {
        // Vectors that are not there repeat the last one.
        int last = (rows - 1) / TLanes.Count;
        nint second = Math.Min(1, last) * vectorStride, third = Math.Min(2, last) * vectorStride, fourth = Math.Min(3, last) * vectorStride;
        TFloats a = TLanes.Zero, b = a, c = a, d = a;
        for (float* end = x + columns; x < end; x++, panel += columnStride)
        {
            TFloats input = TLanes.Broadcast(*x);
            a = TLanes.MultiplyAdd(Load(panel), input, a);
            b = TLanes.MultiplyAdd(Load(panel + second), input, b);
            c = TLanes.MultiplyAdd(Load(panel + third), input, c);
            d = TLanes.MultiplyAdd(Load(panel + fourth), input, d);
        }

        Store(a, y, 0, rows, adds);
        if (last > 0)
        {
            Store(b, y, TLanes.Count, rows, adds);
        }

        if (last > 1)
        {
            Store(c, y, 2 * TLanes.Count, rows, adds);
        }

        if (last > 2)
        {
            Store(d, y, 3 * TLanes.Count, rows, adds);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloats Load<T>(T* values)
        where T : unmanaged => typeof(T) == typeof(float) ? TLanes.Load((float*)values) : TLanes.LoadHalves((ushort*)values);
}
