using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using GptQuantBench.Inference.Backends.Cpu.Tiles;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <summary>Products with tiles, written once for all instruction sets.</summary>
internal abstract unsafe partial class LaneKernel<TLanes, TWords, TFloats> : CpuKernel
    where TLanes : struct, ILanes<TWords, TFloats>
    where TWords : unmanaged
    where TFloats : unmanaged
{
    // Half a page; shorter and longer ones measured the same or worse.
    private const int FetchDistance = 2048;

    // Where two vectors are one cache line, one request is enough for both.
    private const int LineBytes = 64;

    /// <inheritdoc />
    public sealed override int Lanes => TLanes.Count;

    /// <inheritdoc />
    public sealed override int StreamsFor(int tokens) => !TLanes.ReadsStreams ? 1 : tokens == 1 ? Streams : Pair;

    /// <inheritdoc />
    public sealed override void Multiply(in TiledMatrixView matrix, TileStreams tiles, PreparedInput x, float* y, nint yStride, bool adds)
    {
        for (int token = 0; token < x.Tokens; token += Tokens.Most, y += Tokens.Most * yStride)
        {
            switch (x.Tokens - token)
            {
                case 1:
                    Multiply<Tokens.One>(matrix, tiles, x, token, y, yStride, adds);
                    break;
                case 2:
                    Multiply<Tokens.Two>(matrix, tiles, x, token, y, yStride, adds);
                    break;
                case 3:
                    Multiply<Tokens.Three>(matrix, tiles, x, token, y, yStride, adds);
                    break;
                case 4:
                    Multiply<Tokens.Four>(matrix, tiles, x, token, y, yStride, adds);
                    break;
                case 5:
                    Multiply<Tokens.Five>(matrix, tiles, x, token, y, yStride, adds);
                    break;
                default:
                    Multiply<Tokens.Six>(matrix, tiles, x, token, y, yStride, adds);
                    break;
            }
        }
    }

    private static void Multiply<TTokens>(
        in TiledMatrixView matrix, TileStreams tiles, PreparedInput x, int token, float* y, nint yStride, bool adds)
        where TTokens : struct, ITokenCount
    {
        PreparedVectors vectors = x.Group(token);
        if (tiles.Streams == Streams && IsPlain(matrix, x.Form))
        {
            MultiplyStreams(matrix, tiles, x.Form, vectors, y, adds);
        }
        else if (tiles.Streams == Pair && IsPlain(matrix, x.Form))
        {
            MultiplyPairs<TTokens>(matrix, tiles, x.Form, vectors, y, yStride, adds);
        }
        else
        {
            for (int stream = 0, tile = tiles.First; stream < tiles.Streams; stream++, tile += tiles.Stride)
            {
                MultiplyInOrder<TTokens>(matrix, tile, tile + tiles.Count, x.Form, vectors, y, yStride, adds);
            }
        }
    }

    private static void MultiplyInOrder<TTokens>(
        in TiledMatrixView matrix, int tile, int end, InputForm form, in PreparedVectors x, float* y, nint yStride, bool adds)
        where TTokens : struct, ITokenCount
    {
        TFloats* sums = stackalloc TFloats[TTokens.Value];
        for (; tile < end; tile++)
        {
            switch (form)
            {
                case InputForm.Scaled:
                    MultiplyHalves<TTokens>(matrix.Tile(tile), matrix.Blocks, (float*)x.Values, sums);
                    break;
                case InputForm.Int16:
                    MultiplyInt8<TTokens>(matrix, tile, x, sums);
                    break;
                default:
                    MultiplyInt4<TTokens>(matrix, tile, x, sums);
                    break;
            }

            TFloats scale = Scale(matrix, tile);
            for (int i = 0; i < TTokens.Value; i++)
            {
                Store(TLanes.Multiply(sums[i], scale), y + (i * yStride), tile * TLanes.Count, matrix.Rows, adds);
            }
        }
    }

    /// <summary>
    /// Whether several tiles at once can be multiplied: scales of groups within a row of 8-bit codes, and minima, take the registers that
    /// would need.
    /// </summary>
    private static bool IsPlain(in TiledMatrixView matrix, InputForm form) =>
        form == InputForm.Int16 ? !matrix.IsGrouped : !matrix.HasMinima;

    /// <summary>What the sums of a tile are multiplied with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloats Scale(in TiledMatrixView matrix, int tile) =>
        matrix.Bits == 16 ? TLanes.Broadcast(matrix.Units[tile])
            : matrix.HasRowScales ? TLanes.Load((float*)matrix.Tile(tile)) : TLanes.Broadcast(1f);

    /// <summary>
    /// Asks for what the same thread reads next. A CPU's own prefetcher stops at the end of a page, and with several inputs a thread
    /// computes too long on what it has to reach the next page in time.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchAhead(byte* words)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(words + FetchDistance);
        }
    }

    /// <summary>The same for two neighbouring vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchPair(byte* words)
    {
        FetchAhead(words);
        if (2 * sizeof(TWords) > LineBytes)
        {
            FetchAhead(words + sizeof(TWords));
        }
    }

    /// <summary>A tile's outputs; those of rows that are not there are dropped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TFloats values, float* y, int row, int rows, bool adds)
    {
        float* at = y + row;
        if (row + TLanes.Count <= rows)
        {
            TLanes.Store(adds ? TLanes.Add(TLanes.Load(at), values) : values, at);
            return;
        }

        float* lanes = stackalloc float[TLanes.Count];
        TLanes.Store(values, lanes);
        for (int i = 0; i < rows - row; i++)
        {
            at[i] = adds ? at[i] + lanes[i] : lanes[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloats Add<TTokens>(int index, TFloats weights, float* x, TFloats sum)
        where TTokens : struct, ITokenCount => TTokens.Value > index ? TLanes.MultiplyAdd(weights, TLanes.Broadcast(*x), sum) : sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloats Scaled<TTokens>(int index, TWords product, TFloats scale, float* inputScale, TFloats sum)
        where TTokens : struct, ITokenCount => TTokens.Value <= index
            ? sum
            : TLanes.MultiplyAdd(TLanes.ToFloats(product), TLanes.Multiply(scale, TLanes.Broadcast(*inputScale)), sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Set<TTokens>(int index, TFloats* sums, TFloats sum)
        where TTokens : struct, ITokenCount
    {
        if (TTokens.Value > index)
        {
            sums[index] = sum;
        }
    }
}
