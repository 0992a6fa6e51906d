using System.Text;
using CsCheck;
using GptQuantBench.Inference.Tokenization;

namespace GptQuantBench.Inference.Tests.Tokenization;

public sealed class StreamingDecoderTests
{
    private static ITokenizer Tokenizer { get; } = Vocabularies.Embedded;

    // Single bytes are rare among all ids, but it is their order that makes broken UTF-8.
    private static Gen<int[]> Ids { get; } = Gen.OneOf(Gen.Int[0, 255], Gen.Int[0, 50256], Gen.OneOf(Tokenizer.Encode("😀漢é"))).Array[0, 60];

    [Fact]
    public void All_outputs_together_are_the_text_of_all_ids() =>
        Ids.Sample(ids => Stream(new StreamingDecoder(Tokenizer), ids) == Tokenizer.Decode(ids), iter: 20_000);

    [Fact]
    public void A_code_point_spread_over_ids_comes_out_whole()
    {
        var decoder = new StreamingDecoder(Tokenizer);
        int[] ids = [.. Encoding.UTF8.GetBytes("a😀").Select(ByteId)];
        Assert.Equal(["a", "", "", "", "😀"], ids.Select(decoder.Append));
        Assert.Equal("", decoder.Flush());
    }

    [Fact]
    public void An_unfinished_code_point_becomes_one_replacement_character_at_the_end()
    {
        var decoder = new StreamingDecoder(Tokenizer);
        Assert.Equal("", decoder.Append(ByteId(0xF0)));
        Assert.Equal("", decoder.Append(ByteId(0x9F)));
        Assert.Equal("\ufffd", decoder.Flush());
        Assert.Equal("b", decoder.Append(ByteId((byte)'b')));
    }

    [Fact]
    public void A_broken_code_point_becomes_a_replacement_character_as_soon_as_it_is_known()
    {
        var decoder = new StreamingDecoder(Tokenizer);
        Assert.Equal("", decoder.Append(ByteId(0xC3)));
        Assert.Equal("\ufffdx", decoder.Append(ByteId((byte)'x')));
        Assert.Equal("\ufffd", decoder.Append(ByteId(0xFF)));
        Assert.Equal("", decoder.Flush());
    }

    [Fact]
    public void No_output_ends_in_half_a_surrogate_pair() =>
        Ids.Sample(ids =>
        {
            var decoder = new StreamingDecoder(Tokenizer);
            return ids.Select(decoder.Append).All(text => text.Length == 0 || !char.IsHighSurrogate(text[^1]));
        });

    private static string Stream(StreamingDecoder decoder, int[] ids)
    {
        string text = string.Concat(ids.Select(decoder.Append));
        return text + decoder.Flush();
    }

    private static int ByteId(byte value) => Enumerable.Range(0, 256).First(id => Tokenizer.Bytes(id)[0] == value);
}
