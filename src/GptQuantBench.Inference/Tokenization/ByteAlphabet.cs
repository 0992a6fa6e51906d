using System.Runtime.CompilerServices;
using System.Text;

namespace GptQuantBench.Inference.Tokenization;

/// <summary>
/// GPT-2's byte-level alphabet: vocab.json and merges.txt write each byte as one printable character. Bytes 0x21-0x7E, 0xA1-0xAC
/// and 0xAE-0xFF stand for themselves, the 68 others take U+0100 and up in their order (bytes_to_unicode in the GPT-2 release).
/// </summary>
internal static class ByteAlphabet
{
    private const int CharacterCount = 0x100 + 68;

    private static short[] ByteOfCharacter { get; } = MakeByteOfCharacter();

    /// <summary>The bytes that a token's characters stand for.</summary>
    /// <param name="utf8">A token as the files write it, valid UTF-8.</param>
    /// <param name="bytes">Receives one byte per character; at least as long as <paramref name="utf8"/>.</param>
    /// <param name="length">Number of bytes.</param>
    /// <returns>False if a character is not in the alphabet.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryDecode(ReadOnlySpan<byte> utf8, Span<byte> bytes, out int length)
    {
        length = 0;
        for (int i = 0; i < utf8.Length; i++)
        {
            int character = utf8[i];
            if (character >= 0xC0 && i + 1 < utf8.Length)
            {
                // Two bytes reach U+07FF; a first byte of three or four gives more than the alphabet has.
                character = ((character & 0x3F) << 6) | (utf8[++i] & 0x3F);
            }

            int value = character < CharacterCount ? ByteOfCharacter[character] : -1;
            if (value < 0)
            {
                return false;
            }

            bytes[length++] = (byte)value;
        }

        return true;
    }

    /// <summary>The character that the files write for a byte.</summary>
    public static Rune Character(byte value) => new(Array.IndexOf(ByteOfCharacter, value));

    private static short[] MakeByteOfCharacter()
    {
        var table = new short[CharacterCount];
        Array.Fill(table, (short)-1);
        int moved = 0x100;
        for (int value = 0; value < 0x100; value++)
        {
            bool printable = value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            table[printable ? value : moved++] = (short)value;
        }

        return table;
    }
}
