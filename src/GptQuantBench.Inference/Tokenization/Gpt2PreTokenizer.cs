using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using GptQuantBench.Inference.Models;
using Microsoft.ML.Tokenizers;

namespace GptQuantBench.Inference.Tokenization;

/// <summary>Cuts a text into the pieces that are encoded each by itself, by the regular expression of the GPT-2 release.</summary>
internal sealed partial class Gpt2PreTokenizer : PreTokenizer
{
    /// <summary>Merging takes time that grows with the square of a piece's length: about a second for this many characters.</summary>
    public const int LongestPiece = 50_000;

    /// <summary>The pieces of a text, in order and without gaps.</summary>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => PreTokenize(text.AsSpan());

    /// <inheritdoc cref="PreTokenize(string)" />
    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text)
    {
        var pieces = new List<(int Offset, int Length)>(text.Length / 4 + 1);
        foreach (ValueMatch match in Piece().EnumerateMatches(Classify(text)))
        {
            if (match.Length > LongestPiece)
            {
                throw new ModelFormatException(
                    $"The text has {match.Length} characters from position {match.Index} without a place to cut it, expected at most {LongestPiece}; break it up.");
            }

            pieces.Add((match.Index, match.Length));
        }

        return pieces;
    }

    /// <summary>
    /// A text of the same length and with the same pieces, that .NET cuts as other engines do. .NET matches UTF-16 units, and to it
    /// the halves of a letter or numeral outside the BMP are neither letter nor numeral (in "𠮷's" the contraction would be lost);
    /// here they are replaced by a letter or digit of the BMP. The text itself where it has no such characters.
    /// </summary>
    private static ReadOnlySpan<char> Classify(ReadOnlySpan<char> text)
    {
        int first = text.IndexOfAnyInRange('\uD800', '\uDFFF');
        if (first < 0)
        {
            return text;
        }

        char[] classes = text.ToArray();
        for (int i = first; i < classes.Length; i++)
        {
            if (Rune.DecodeFromUtf16(text[i..], out Rune rune, out int length) == OperationStatus.Done && length == 2)
            {
                if (Rune.IsLetter(rune))
                {
                    classes.AsSpan(i, length).Fill('a');
                }
                else if (Rune.IsNumber(rune))
                {
                    classes.AsSpan(i, length).Fill('0');
                }

                i++;
            }
        }

        return classes;
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Piece();
}
