using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tokenization;

/// <summary>
/// Checks merges.txt: <c>left right</c> a line, in the byte-level alphabet, in order of rank. The library that uses the file takes
/// merges that do not belong to the vocabulary without a word.
/// </summary>
internal static class MergesFile
{
    /// <summary>Checks every line.</summary>
    /// <param name="path">The file's path, for messages.</param>
    /// <param name="utf8">Its content, valid UTF-8.</param>
    /// <param name="tokens">The vocabulary; each merge's two parts and its result must be in it.</param>
    /// <exception cref="ModelFormatException">A line is not a merge of this vocabulary.</exception>
    public static void Check(string path, ReadOnlySpan<byte> utf8, TokenTable tokens)
    {
        var merges = new HashSet<(int Left, int Right)>(Math.Min(utf8.Count((byte)'\n') + 1, tokens.Size));
        Span<byte> bytes = new byte[2 * MaxLine(tokens)];
        for (int number = 1; !utf8.IsEmpty; number++)
        {
            // A carriage return alone ends a line too, as it does for the library that reads the file.
            int end = utf8.IndexOfAny((byte)'\r', (byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? utf8 : utf8[..end];
            utf8 = end < 0 ? default : utf8[(end + (utf8[end..].StartsWith("\r\n"u8) ? 2 : 1))..];
            if (line.IsEmpty || (number == 1 && line.StartsWith("#version"u8)))
            {
                continue;
            }

            if (line.Length > MaxLine(tokens) || !TryAdd(merges, tokens, line, bytes))
            {
                throw new ModelFormatException(
                    $"{path} line {number} is not a merge of two tokens into a third, each of them in vocab.json, listed once; give the merges.txt that belongs to the vocabulary.");
            }
        }
    }

    /// <summary>Bytes of the longest line that can be a merge: the alphabet takes at most two for each byte of a token.</summary>
    private static int MaxLine(TokenTable tokens) => 2 * tokens.LongestToken + 1;

    private static bool TryAdd(HashSet<(int Left, int Right)> merges, TokenTable tokens, ReadOnlySpan<byte> line, Span<byte> bytes)
    {
        int space = line.IndexOf((byte)' ');
        if (space < 0
            || !ByteAlphabet.TryDecode(line[..space], bytes, out int leftLength)
            || !ByteAlphabet.TryDecode(line[(space + 1)..], bytes[leftLength..], out int rightLength))
        {
            return false;
        }

        int left = tokens.Find(bytes[..leftLength]);
        int right = tokens.Find(bytes.Slice(leftLength, rightLength));
        int merged = tokens.Find(bytes[..(leftLength + rightLength)]);
        return left >= 0 && right >= 0 && merged >= 0 && merges.Add((left, right));
    }
}
