using System.Runtime.Intrinsics;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu.Tiles;

/// <summary>Moves packed rows into a tile; <see cref="PackedLayout"/> draws where they come from, <see cref="TileLayout"/> where they go.</summary>
internal readonly unsafe ref struct TilePacker(TileLayout layout, PackedMatrixView source, int row, int rows)
{
    // The power of two that makes every subnormal half normal, and the first half that is too large for it.
    private const int WantedShift = 10;
    private const short TooLarge = 0x5400;

    private readonly int _lanes = layout.Lanes;
    private readonly int _groups = layout.Packed.GroupsPerRow;
    private readonly int _rowBytes = layout.Packed.CodeRowBytes;
    private readonly PackedMatrixView _source = source;

    public void CopyScales(byte* tile)
    {
        for (int lane = 0; lane < rows; lane++)
        {
            long from = (long)(row + lane) * _groups;
            if (_source.RowScales != null)
            {
                ((float*)tile)[lane] = _source.RowScales[from];
            }

            for (int group = 0; group < _groups && _source.GroupScales != null; group++)
            {
                ushort* to = (ushort*)(tile + layout.ScalesOffset(group * layout.BlocksPerGroup));
                to[lane] = _source.GroupScales[from + group];
                if (_source.GroupMinima != null)
                {
                    to[_lanes + lane] = _source.GroupMinima[from + group];
                }
            }
        }
    }

    public void CopyCodes(byte* tile)
    {
        int blocks = layout.Packed.BlocksPerRow;
        for (int block = 0; block < blocks; block++)
        {
            uint* to = (uint*)(tile + layout.WordsOffset(block));
            byte* from = Row(0) + (block * layout.Packed.BlockBytes);
            for (int lane = 0; lane < rows; lane++, to++, from += _rowBytes)
            {
                if (_source.Bits == 8)
                {
                    CopyBytes((uint*)from, to);
                }
                else
                {
                    CopyNibbles((uint*)from, to);
                }
            }
        }
    }

    /// <summary>Returns the tile's unit.</summary>
    public float CopyHalves(ushort* words)
    {
        int shift = Shift();
        for (int lane = 0; lane < rows; lane++)
        {
            ushort* from = (ushort*)Row(lane);
            int columns = layout.Packed.PaddedColumns;
            for (int column = 0; column < columns; column += 8)
            {
                Vector128<ushort> eight = shift == WantedShift
                    ? Raised(Vector128.Load((short*)from + column))
                    : Scaled((Half*)from + column, 1 << shift);
                for (int i = 0; i < 8; i += 2)
                {
                    *(uint*)(words + (((column + i) * _lanes) + (2 * lane))) = eight.AsUInt32()[i / 2];
                }
            }
        }

        return MathF.ScaleB(1f, 112 - 64 - shift);
    }

    private void CopyBytes(uint* from, uint* to)
    {
        for (int word = 0; word < 8; word++)
        {
            uint codes = from[word];
            to[word * _lanes] = (codes & 0xFF0000FF) | ((codes & 0xFF00) << 8) | ((codes >> 8) & 0xFF00);
        }
    }

    /// <summary>Byte j of a packed block has columns j and j + 16.</summary>
    private void CopyNibbles(uint* from, uint* to)
    {
        to[0] = Nibbles(from[0], from[1]);
        to[_lanes] = Nibbles(from[2], from[3]);
        to[2 * _lanes] = Nibbles(from[0] >> 4, from[1] >> 4);
        to[3 * _lanes] = Nibbles(from[2] >> 4, from[3] >> 4);
    }

    private static uint Nibbles(uint four, uint next) => (four & 0x0F0F0F0F) | ((next & 0x0F0F0F0F) << 4);

    /// <summary>Halves times 2^10, where none becomes too large: none of the results is subnormal.</summary>
    private static Vector128<ushort> Raised(Vector128<short> halves)
    {
        Vector256<int> bits = HalfVectors.Widen(halves).AsInt32();
        Vector256<int> magnitude = bits & Vector256.Create(int.MaxValue);
        Vector256<int> raised = (magnitude - Vector256.Create((112 - WantedShift) << 23)) >>> 13;
        Vector256<int> kept = Vector256.ConditionalSelect(Vector256.Equals(magnitude, Vector256<int>.Zero), Vector256<int>.Zero, raised);
        Vector256<uint> signed = (kept | ((bits >>> 16) & Vector256.Create(0x8000))).AsUInt32();
        return Vector128.Narrow(signed.GetLower(), signed.GetUpper());
    }

    private static Vector128<ushort> Scaled(Half* halves, int factor)
    {
        Vector128<ushort> scaled = default;
        for (int i = 0; i < 8; i++)
        {
            scaled = scaled.WithElement(i, BitConverter.HalfToUInt16Bits((Half)((float)halves[i] * factor)));
        }

        return scaled;
    }

    private byte* Row(int lane) => _source.Codes + ((long)(row + lane) * _rowBytes);

    /// <summary>The power of two for the largest magnitude of the tile.</summary>
    private int Shift()
    {
        short largest = 0;
        for (int lane = 0; lane < rows; lane++)
        {
            Vector128<short> most = default;
            for (short* at = (short*)Row(lane), end = at + layout.Packed.PaddedColumns; at < end; at += 8)
            {
                most = Vector128.Max(most, Vector128.Load(at) & Vector128.Create(short.MaxValue));
            }

            for (int i = 0; i < 8; i++)
            {
                largest = Math.Max(largest, most[i]);
            }
        }

        return largest < TooLarge ? WantedShift : 30 - (largest >> 10);
    }
}
