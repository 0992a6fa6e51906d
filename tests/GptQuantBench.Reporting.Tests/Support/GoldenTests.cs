namespace GptQuantBench.Reporting.Tests.Support;

public sealed class GoldenTests
{
    [Fact]
    public void FirstDifferentLineIsShown() =>
        Assert.Equal("Line 2 differs.\nverified: b\nreceived: x", Golden.Difference("a\nb\nc", "a\nx\nc"));

    [Fact]
    public void ShorterTextIsShown() =>
        Assert.Equal("Line 2 differs.\nverified: b\nreceived: (the text ends before this line)", Golden.Difference("a\nb", "a"));
}
