using System.Text;
using CsCheck;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Tokenization;

namespace GptQuantBench.Inference.Tests.Tokenization;

public sealed class VocabularyFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Merges_are_applied_in_the_order_of_the_file()
    {
        ITokenizer tokenizer = Load();
        // he=256 ll=257 hell=258 hello=259 Ġw=260
        Assert.Equal([259, 260, 'o', 'r', 'l', 'd'], tokenizer.Encode("hello world"));
        Assert.Equal([256, 'l'], tokenizer.Encode("hel"));
        Assert.Equal([257, 'l'], tokenizer.Encode("lll"));
        Assert.Equal([' ', ' ', 260], tokenizer.Encode("   w"));
        Assert.Equal([0xC3, 0xA9, '\n'], tokenizer.Encode("é\n"));
        Assert.Equal("hello world", tokenizer.Decode(tokenizer.Encode("hello world")));
    }

    [Fact]
    public void Only_listed_pairs_are_merged_not_all_pairs_whose_text_is_a_token()
    {
        // "hell" is a token, but h + ell is no merge; without "l l" there is no "ll" and so no "hell".
        ITokenizer tokenizer = Load(merges: "l o\nh e\nhe ll\n", vocabulary: With(("lo", 262)));
        Assert.Equal([256, 'l', 262], tokenizer.Encode("hello"));
    }

    [Fact]
    public void End_of_text_has_the_id_of_the_vocabulary()
    {
        ITokenizer tokenizer = Load();
        Assert.Equal([259, 261, 260], tokenizer.Encode("hello<|endoftext|> w", specialTokens: true));
        Assert.DoesNotContain(261, tokenizer.Encode("hello<|endoftext|>"));
        Dictionary<string, int> without = Vocabularies.Small();
        without.Remove("<|endoftext|>");
        tokenizer = Load(without);
        Assert.Equal(tokenizer.Encode("<|endoftext|>"), tokenizer.Encode("<|endoftext|>", specialTokens: true));
    }

    [Fact]
    public void An_id_without_a_token_stands_for_no_bytes()
    {
        ITokenizer tokenizer = Load(size: 300);
        Assert.Equal("hello", tokenizer.Decode([259, 299, 270]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([300]));
    }

    [Fact]
    public void A_token_outside_the_byte_alphabet_stands_for_its_text()
    {
        ITokenizer tokenizer = Load(With(("<|漢 字|>", 262)));
        Assert.Equal("<|漢 字|>", tokenizer.Decode([262]));
        Assert.DoesNotContain(262, tokenizer.Encode("<|漢 字|>"));
    }

    [Fact]
    public void Carriage_returns_a_byte_order_mark_and_no_version_line_are_taken()
    {
        string vocabulary = _folder.Write("vocab.json", "\ufeff" + Vocabularies.ToJson(Vocabularies.Small()));
        string merges = _folder.Write("merges.txt", "h e\r\nl l\r\nhe ll\r\n\r\nhell o");
        Assert.Equal([259], TokenizerFactory.Create(vocabulary, merges, 262)!.Encode("hello"));
    }

    [Fact]
    public void Text_comes_back_from_its_ids()
    {
        ITokenizer tokenizer = Load();
        EmbeddedVocabularyTests.Text.Sample(text => tokenizer.Decode(tokenizer.Encode(text)) == text);
    }

    [Theory]
    [InlineData(0x20, "Ġ")]
    [InlineData(0x0A, "Ċ")]
    [InlineData(0x00, "Ā")]
    [InlineData(0x7F, "ġ")]
    [InlineData(0xAD, "Ń")]
    [InlineData(0x41, "A")]
    [InlineData(0xFF, "ÿ")]
    public void The_byte_alphabet_is_that_of_GPT2(int value, string character) =>
        Assert.Equal(character, ByteAlphabet.Character((byte)value).ToString());

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("[]", "JSON object")]
    [InlineData("{\"a\": 1", "not valid JSON")]
    [InlineData("{\"a\": 1} x", "not valid JSON")]
    [InlineData("{\"a\": \"1\"}", "byte 1 ")]
    [InlineData("{\"a\": 1.5}", "byte 1 ")]
    [InlineData("{\"a\": -1}", "byte 1 ")]
    [InlineData("{\"a\": 262}", "0 to 261")]
    [InlineData("{\"a\": 99999999999999999999}", "0 to 261")]
    [InlineData("{\"a\": {}}", "byte 1 ")]
    [InlineData("{\"\": 1}", "empty token")]
    [InlineData("{\"a\": 1, \"b\": 1}", "the id 1")]
    [InlineData("{\"a\": 1, \"a\": 2}", "byte 9 ")]
    [InlineData("{\"\\ud800\": 1}", "not valid JSON")]
    [InlineData("{\"a\": 1}", "for the byte 0x00")]
    public void A_wrong_vocabulary_is_refused_in_one_sentence(string json, string expected)
    {
        string vocabulary = _folder.Write("vocab.json", json);
        AssertRefused(vocabulary, _folder.Write("merges.txt", Vocabularies.SmallMerges), vocabulary, expected);
    }

    [Fact]
    public void A_token_may_have_4096_bytes_and_a_file_8_000_000()
    {
        string longest = new('a', 4096);
        Assert.Equal(longest, Load(With((longest, 262))).Decode([262]));
        string merges = _folder.Write("merges.txt", Vocabularies.SmallMerges);
        string vocabulary = _folder.Write("vocab.json", Vocabularies.ToJson(With((longest + "a", 261))));
        AssertRefused(vocabulary, merges, vocabulary, "a token of 4097 bytes, expected at most 4096");
        string json = Vocabularies.ToJson(Vocabularies.Small());
        Assert.NotNull(TokenizerFactory.Create(_folder.Write("vocab.json", json.PadRight(8_000_000)), merges, 262));
        AssertRefused(_folder.Write("vocab.json", json.PadRight(8_000_001)), merges, vocabulary, "has 8000001 bytes, expected at most 8000000");
    }

    [Theory]
    [InlineData("#version: 0.2\nhe\n", "line 2 ")]
    [InlineData("h e\nl l\nhe  ll\n", "line 3 ")]
    [InlineData("h e l\n", "line 1 ")]
    [InlineData("h e\nh e\n", "line 2 ")]
    [InlineData("x y\n", "line 1 ")]
    [InlineData("漢 字\n", "line 1 ")]
    [InlineData(" h\n", "line 1 ")]
    [InlineData("h \n", "line 1 ")]
    [InlineData("h e\n#version: 0.2\n", "line 2 ")]
    [InlineData("#version:\r 0.2\nh e\n", "line 2 ")]
    [InlineData("h e\rh e\n", "line 2 ")]
    [InlineData("hellohellohellohellohellohellohellohellohello o\n", "line 1 ")]
    public void Wrong_merges_are_refused_in_one_sentence(string content, string expected)
    {
        string merges = _folder.Write("merges.txt", content);
        AssertRefused(_folder.Write("vocab.json", Vocabularies.ToJson(Vocabularies.Small())), merges, merges, expected);
    }

    [Fact]
    public void A_file_that_is_missing_a_folder_or_not_UTF8_is_refused_in_one_sentence()
    {
        string vocabulary = _folder.Write("vocab.json", Vocabularies.ToJson(Vocabularies.Small()));
        string merges = _folder.Write("merges.txt", Vocabularies.SmallMerges);
        string missing = _folder["missing"];
        AssertRefused(missing, merges, missing, "cannot be read");
        AssertRefused(vocabulary, missing, missing, "cannot be read");
        string directory = Directory.CreateDirectory(_folder["folder"]).FullName;
        AssertRefused(directory, merges, directory, "cannot be read");
        string latin1 = _folder["latin1"];
        File.WriteAllBytes(latin1, Encoding.Latin1.GetBytes("Ã é"));
        AssertRefused(latin1, merges, latin1, "not UTF-8");
        AssertRefused(vocabulary, latin1, latin1, "not UTF-8");
    }

    [Fact]
    public void One_file_without_the_other_or_a_size_out_of_range_is_refused()
    {
        AssertRefused("vocab.json", null, "vocab.json", "merges.txt");
        AssertRefused(null, "merges.txt", "merges.txt", "vocab.json");
        Assert.Null(TokenizerFactory.Create(null, null, 1 << 17));
        foreach (int size in (int[])[0, -1, (1 << 17) + 1, int.MaxValue])
        {
            Assert.Contains("vocab_size", Assert.Throws<ModelFormatException>(() => TokenizerFactory.Create(null, null, size)).Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Whatever a file holds, it is taken or refused; nothing else is thrown.</summary>
    [Fact]
    public void Damaged_files_never_crash()
    {
        byte[] vocabulary = Encoding.UTF8.GetBytes(Vocabularies.ToJson(Vocabularies.Small()));
        byte[] merges = Encoding.UTF8.GetBytes(Vocabularies.SmallMerges);
        Gen.Select(Damage(vocabulary), Damage(merges)).Sample((damagedVocabulary, damagedMerges) =>
        {
            using var folder = new TemporaryFolder();
            File.WriteAllBytes(folder["v"], damagedVocabulary);
            File.WriteAllBytes(folder["m"], damagedMerges);
            try
            {
                TokenizerFactory.Create(folder["v"], folder["m"], 262)!.Encode("hello world");
            }
            catch (ModelFormatException e)
            {
                AssertOneSentence(e.Message);
            }
        }, iter: 500);
    }

    private static Gen<byte[]> Damage(byte[] content) =>
        Gen.Select(Gen.Int[0, content.Length - 1], Gen.Byte, Gen.Int[0, 3]).Select((at, value, kind) => kind switch
        {
            0 => content,
            1 => content[..at],
            2 => [.. content[..at], value, .. content[(at + 1)..]],
            _ => [.. content[..at], value, .. content[at..]],
        });

    private static Dictionary<string, int> With(params (string Token, int Id)[] added)
    {
        Dictionary<string, int> vocabulary = Vocabularies.Small();
        foreach ((string token, int id) in added)
        {
            vocabulary.Add(token, id);
        }

        return vocabulary;
    }

    private ITokenizer Load(Dictionary<string, int>? vocabulary = null, string? merges = null, int? size = null)
    {
        vocabulary ??= Vocabularies.Small();
        return TokenizerFactory.Create(
            _folder.Write("vocab.json", Vocabularies.ToJson(vocabulary)),
            _folder.Write("merges.txt", merges ?? Vocabularies.SmallMerges),
            size ?? vocabulary.Values.Max() + 1)!;
    }

    private static void AssertRefused(string? vocabulary, string? merges, string named, string expected)
    {
        string message = Assert.Throws<ModelFormatException>(() => TokenizerFactory.Create(vocabulary, merges, 262)).Message;
        Assert.StartsWith(named, message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        AssertOneSentence(message);
    }

    private static void AssertOneSentence(string message)
    {
        Assert.EndsWith(".", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain(". ", message, StringComparison.Ordinal);
    }
}
