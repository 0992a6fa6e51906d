using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class TextPreviewTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain", "plain")]
    [InlineData("a\nb\r\n\tc", "a\\nb\\r\\n\\tc")]
    [InlineData("\u001b[31mred", "\\u001B[31mred")]
    [InlineData("\u0007\u007f\u0085", "\\u0007\\u007F\\u0085")]
    [InlineData("\u2028\u202e\ufeff", "\\u2028\\u202E\\uFEFF")]
    [InlineData("naïve 日本 👩", "naïve 日本 👩")]
    public void ControlCharactersAreShownNotObeyed(string text, string expected) => Assert.Equal(expected, TextPreview.Of(text));

    // Attributes cannot hold half a surrogate pair.
    [Fact]
    public void HalfASurrogatePairIsShown()
    {
        Assert.Equal("\\uD83D", TextPreview.Of("\ud83d"));
        Assert.Equal("\\uDC69x", TextPreview.Of("\udc69x"));
    }

    [Fact]
    public void ExactlyTheLengthHasNoEllipsis() => Assert.Equal(new string('x', 100), TextPreview.Of(new string('x', 100)));

    [Fact]
    public void OneMoreIsCut() => Assert.Equal(new string('x', 100) + "…", TextPreview.Of(new string('x', 101)));

    [Fact]
    public void CharactersOfSeveralPartsAreNotCutApart() => Assert.Equal("👩‍👩‍👧e\u0301…", TextPreview.Of("👩‍👩‍👧e\u0301z", 2));

    [Fact]
    public void LengthBelowOneIsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => TextPreview.Of("x", 0));
}
