using System.Runtime.CompilerServices;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu.Tiles;

/// <summary>One row of a tile: the plain definition of what its words mean.</summary>
internal static unsafe class TileRow
{
    /// <summary>Writes FP32 [padded columns].</summary>
    public static void Unpack(in TiledMatrixView matrix, int tile, int lane, float* values)
    {
        TileLayout layout = matrix.Layout;
        byte* start = matrix.Tile(tile);
        for (int block = 0; block < matrix.Blocks; block++, values += PackedLayout.BlockColumns)
        {
            uint* words = (uint*)(start + layout.WordsOffset(block)) + lane;
            Half* group = (Half*)(start + layout.ScalesOffset(block)) + lane;
            switch (matrix.Bits)
            {
                case 16:
                    Halves(words, layout.Lanes, matrix.Units[tile] * TiledMatrix.InputScale, values);
                    break;
                case 8:
                    Bytes(words, layout.Lanes, matrix.IsGrouped ? HalfVectors.Widen(*group) : ((float*)start)[lane], values);
                    break;
                default:
                    float minimum = matrix.HasMinima ? HalfVectors.Widen(group[layout.Lanes]) : 0f;
                    Nibbles(words, layout.Lanes, HalfVectors.Widen(*group), matrix.HasMinima ? 0 : 8, minimum, values);
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Halves(uint* words, int lanes, float unit, float* values)
    {
        const int signAndMagnitude = unchecked((int)0x8FFFE000);
        for (int word = 0; word < 16; word++)
        {
            int pair = (int)words[word * lanes];
            values[2 * word] = BitConverter.Int32BitsToSingle(((pair << 16) >> 3) & signAndMagnitude) * unit;
            values[(2 * word) + 1] = BitConverter.Int32BitsToSingle((pair >> 3) & signAndMagnitude) * unit;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Bytes(uint* words, int lanes, float scale, float* values)
    {
        for (int word = 0; word < 8; word++, values += 4)
        {
            uint four = words[word * lanes];
            values[0] = scale * (sbyte)four;
            values[1] = scale * (sbyte)(four >> 16);
            values[2] = scale * (sbyte)(four >> 8);
            values[3] = scale * (sbyte)(four >> 24);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Nibbles(uint* words, int lanes, float scale, int zero, float minimum, float* values)
    {
        for (int word = 0; word < 4; word++, values += 8)
        {
            uint eight = words[word * lanes];
            for (int i = 0; i < 4; i++)
            {
                values[i] = (scale * ((int)((eight >> (8 * i)) & 15) - zero)) + minimum;
                values[i + 4] = (scale * ((int)((eight >> ((8 * i) + 4)) & 15) - zero)) + minimum;
            }
        }
    }
}
