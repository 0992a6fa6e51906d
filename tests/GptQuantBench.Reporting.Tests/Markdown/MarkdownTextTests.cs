using GptQuantBench.Reporting.Markdown;

namespace GptQuantBench.Reporting.Tests.Markdown;

public sealed class MarkdownTextTests
{
    [Theory]
    [InlineData("plain 1.5", "plain 1.5")]
    [InlineData("a|b", "a\\|b")]
    [InlineData("[x](y) *z* _w_", "\\[x\\](y) \\*z\\* \\_w\\_")]
    [InlineData("<b>&amp;", "\\<b\\>\\&amp;")]
    [InlineData("a\nb", "a\\\\nb")]
    public void EveryCharacterMeansItself(string text, string expected) => Assert.Equal(expected, MarkdownText.Escape(text));

    [Theory]
    [InlineData("x", "`x`")]
    [InlineData("a`b", "`` a`b ``")]
    [InlineData("``", "``` `` ```")]
    [InlineData("a\nb", "`a\\nb`")]
    public void CodeFenceIsLongerThanWhatItHolds(string text, string expected) => Assert.Equal(expected, MarkdownText.Code(text));
}
