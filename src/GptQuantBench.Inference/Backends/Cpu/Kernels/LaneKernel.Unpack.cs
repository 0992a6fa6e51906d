using System.Runtime.CompilerServices;
using GptQuantBench.Inference.Backends.Cpu.Tiles;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu.Kernels;

/// <content>Tiles as FP32 panels, for many inputs.</content>
internal abstract unsafe partial class LaneKernel<TLanes, TWords, TFloats>
{
    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override void Unpack(in TiledMatrixView matrix, int tile, int block, int blocks, float* panel, nint stride)
    {
        TFloats scale = matrix.Bits == 16 ? TLanes.Broadcast(matrix.Units[tile] * TiledMatrix.InputScale)
            : matrix.HasRowScales ? TLanes.Load((float*)matrix.Tile(tile)) : TLanes.Zero;
        TFloats minimum = TLanes.Zero;
        for (int end = block + blocks; block < end; block++)
        {
            byte* words = matrix.Tile(tile) + matrix.Layout.WordsOffset(block);
            if (matrix.IsGrouped)
            {
                ushort* group = (ushort*)(matrix.Tile(tile) + matrix.Layout.ScalesOffset(block));
                scale = TLanes.LoadHalves(group);
                minimum = matrix.HasMinima ? TLanes.LoadHalves(group + TLanes.Count) : minimum;
            }

            for (int word = 0; word < matrix.Bits; word++, words += sizeof(TWords))
            {
                switch (matrix.Bits)
                {
                    case 16:
                        UnpackHalves(words, scale, panel, stride);
                        break;
                    case 8:
                        UnpackBytes(words, scale, panel, stride);
                        break;
                    default:
                        UnpackNibbles(words, matrix.HasMinima ? 0 : 8, scale, minimum, panel, stride);
                        break;
                }

                panel += PackedLayout.BlockColumns / matrix.Bits * stride;
            }
        }
    }

    // Every product is exact: a code has few bits, and the unit of halves is a power of two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpackHalves(byte* words, TFloats scale, float* panel, nint stride)
    {
        TWords pair = TLanes.LoadWords(words);
        TLanes.Store(TLanes.Multiply(TLanes.LowHalves(pair), scale), panel);
        TLanes.Store(TLanes.Multiply(TLanes.HighHalves(pair), scale), panel + stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpackBytes(byte* words, TFloats scale, float* panel, nint stride)
    {
        TWords four = TLanes.LoadWords(words);
        TLanes.Store(TLanes.Multiply(TLanes.ToFloats(TLanes.Extract(four, 24, 24)), scale), panel);
        TLanes.Store(TLanes.Multiply(TLanes.ToFloats(TLanes.Extract(four, 8, 24)), scale), panel + stride);
        TLanes.Store(TLanes.Multiply(TLanes.ToFloats(TLanes.Extract(four, 16, 24)), scale), panel + (2 * stride));
        TLanes.Store(TLanes.Multiply(TLanes.ToFloats(TLanes.Extract(four, 0, 24)), scale), panel + (3 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpackNibbles(byte* words, int zero, TFloats scale, TFloats minimum, float* panel, nint stride)
    {
        TWords eight = TLanes.LoadWords(words);
        TWords zeros = TLanes.Broadcast(zero);
        for (int i = 0; i < 4; i++, eight = TLanes.ShiftRight(eight, 8))
        {
            UnpackNibble(TLanes.And(eight, 15), zeros, scale, minimum, panel + (i * stride));
            UnpackNibble(TLanes.And(TLanes.ShiftRight(eight, 4), 15), zeros, scale, minimum, panel + ((i + 4) * stride));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpackNibble(TWords codes, TWords zeros, TFloats scale, TFloats minimum, float* panel) =>
        TLanes.Store(TLanes.MultiplyAdd(TLanes.ToFloats(TLanes.Subtract(codes, zeros)), scale, minimum), panel);
}
