using CsCheck;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Models;

public sealed class NearMatchTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("a", "", 1)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("ab", "ba", 1)]
    [InlineData("--modles", "--models", 1)]
    [InlineData("CUDA", "cuda", 0)]
    [InlineData("abcdef", "badcfe", 3)]
    public void Distance_counts_edits(string a, string b, int expected) => Assert.Equal(expected, NearMatch.Distance(a, b));

    [Theory]
    [InlineData("quantization", "--quantizations", "--quantizations")]
    [InlineData("prompt", "--tokens", null)]
    [InlineData("--quantization", "--quantizations", "--quantizations")]
    [InlineData("4bit", "4-bit", "4-bit")]
    [InlineData("cdua", "cuda", "cuda")]
    [InlineData("x", "cuda", null)]
    public void A_typing_error_is_recognised_and_a_different_word_is_not(string value, string candidate, string? expected) =>
        Assert.Equal(expected, NearMatch.Find(value, [candidate]));

    [Fact]
    public void The_nearest_wins() => Assert.Equal("8-bit", NearMatch.Find("8-bot", ["4-bit", "8-bit"]));

    [Fact]
    public void Distance_is_symmetric_and_bounded_by_the_longer_word() =>
        Gen.Select(Gen.String[0, 70], Gen.String[0, 70]).Sample((a, b) =>
            NearMatch.Distance(a, b) == NearMatch.Distance(b, a)
            && NearMatch.Distance(a, b) <= Math.Max(a.Length, b.Length)
            && NearMatch.Distance(a, a) <= (a.Length > 64 ? a.Length : 0));
}
