using System.Diagnostics;
using System.Text;
using CsCheck;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Tokenization;
using Microsoft.ML.Tokenizers;
using SharpToken;

namespace GptQuantBench.Inference.Tests.Tokenization;

public sealed class EmbeddedVocabularyTests
{
    private static ITokenizer Tokenizer { get; } = Vocabularies.Embedded;

    /// <summary>Strings of the fragments that meet badly, single characters of all planes among them; always valid UTF-16.</summary>
    internal static Gen<string> Text { get; } = Gen.OneOf(
        Gen.OneOf(" ", "  ", "\n", "\t", "\r\n", "'", "'s", "'LL", "a", "the", " of", "7", "½", "!", "…", "é", "e\u0301", "漢", "क्", "ع", "😀", "👍🏽", "\u200d",
            "\u00a0", "\0", "\ufffd", "𝐀", "𝟎", "𠮷", "<|endoftext|>", "Ġ"),
        Gen.Int[0, 0x10FFFF].Where(Rune.IsValid).Select(value => new Rune(value).ToString())).Array[0, 40].Select(string.Concat);

    [Fact]
    public void Only_the_size_of_GPT2_has_an_embedded_vocabulary()
    {
        Assert.Equal("embedded GPT-2 vocabulary", Tokenizer.Source);
        Assert.Null(TokenizerFactory.Create(null, null, 50256));
        Assert.Null(TokenizerFactory.Create(null, null, 50258));
        Assert.Null(TokenizerFactory.Create(null, null, 1));
    }

    [Fact]
    public void Every_id_has_the_bytes_of_the_package()
    {
        GptEncoding encoding = GptEncoding.GetEncoding("r50k_base");
        for (int id = 0; id < 50256; id++)
        {
            string text = Encoding.UTF8.GetString(Tokenizer.Bytes(id));
            Assert.Equal(encoding.Decode([id]), text);
            Assert.Equal(text, Tokenizer.Decode([id]));
        }

        Assert.Equal("<|endoftext|>", Tokenizer.Decode([50256]));
    }

    [Fact]
    public void Every_token_that_is_one_piece_is_encoded_as_itself()
    {
        int pieces = 0;
        for (int id = 0; id < 50256; id++)
        {
            string text = Tokenizer.Decode([id]);
            if (!text.Contains('\ufffd', StringComparison.Ordinal) && PieceCount(text) == 1)
            {
                Assert.Equal([id], Tokenizer.Encode(text));
                pieces++;
            }
        }

        Assert.InRange(pieces, 49000, 50256);
    }

    [Fact]
    public void Text_comes_back_from_its_ids() =>
        Text.Sample(text => Tokenizer.Decode(Tokenizer.Encode(text)) == text, iter: 3000);

    /// <summary>The library's own cutter, where it can be trusted: it cuts letters and numerals outside the BMP elsewhere.</summary>
    [Fact]
    public void Pieces_are_cut_as_the_library_cuts_them_within_the_BMP()
    {
        using Stream stream = typeof(GptEncoding).Assembly.GetManifestResourceStream("SharpToken.data.r50k_base.tiktoken")!;
        var regex = new System.Text.RegularExpressions.Regex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+");
        var other = TiktokenTokenizer.Create(stream, new RegexPreTokenizer(regex, null), null, (IReadOnlyDictionary<string, int>?)null);
        Gen<string> bmp = Text.Where(text => !text.EnumerateRunes().Any(rune => rune.Value > 0xFFFF && (Rune.IsLetter(rune) || Rune.IsNumber(rune))));
        bmp.Sample(text => other.EncodeToIds(text).SequenceEqual(Tokenizer.Encode(text)), iter: 3000);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_encoded_as_the_replacement_character()
    {
        // Not as inline data: attributes are stored as UTF-8, which has no such strings.
        (string Text, string Replaced)[] cases =
        [
            ("\ud83d", "\ufffd"), ("a\ude00b", "a\ufffdb"), ("\ude00\ud83d", "\ufffd\ufffd"), ("\ud83d\ud83d\ude00", "\ufffd😀"), ("x\ud840", "x\ufffd"),
        ];
        Assert.All(cases, one => Assert.Equal(Tokenizer.Encode(one.Replaced), Tokenizer.Encode(one.Text)));
    }

    [Fact]
    public void End_of_text_is_a_special_token_only_where_asked_for()
    {
        Assert.Equal([27, 91, 437, 1659, 5239, 91, 29], Tokenizer.Encode("<|endoftext|>"));
        Assert.Equal([50256], Tokenizer.Encode("<|endoftext|>", specialTokens: true));
        Assert.Equal([64, 50256, 50256, 220, 275, 50256], Tokenizer.Encode("a<|endoftext|><|endoftext|>  b<|endoftext|>", specialTokens: true));
        Assert.Equal(Tokenizer.Encode("<|endoftext"), Tokenizer.Encode("<|endoftext", specialTokens: true));
        Assert.Empty(Tokenizer.Encode("", specialTokens: true));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(50257)]
    [InlineData(int.MaxValue)]
    public void An_id_outside_the_vocabulary_is_refused(int id)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Decode([id]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Bytes(id).Length);
    }

    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("!'")]
    [InlineData("abcdefghij")]
    [InlineData("漢")]
    public void The_longest_run_without_a_cut_takes_seconds_and_a_longer_one_is_refused(string unit)
    {
        string text = string.Concat(Enumerable.Repeat(unit, Gpt2PreTokenizer.LongestPiece / unit.Length));
        long start = Stopwatch.GetTimestamp();
        int[] ids = Tokenizer.Encode(text);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 20);
        Assert.Equal(text, Tokenizer.Decode(ids));
        var exception = Assert.Throws<ModelFormatException>(() => Tokenizer.Encode("before " + text + unit + unit));
        Assert.Contains("break it up", exception.Message, StringComparison.Ordinal);
    }

    private static int PieceCount(string text) => new Gpt2PreTokenizer().PreTokenize(text).Count();
}
