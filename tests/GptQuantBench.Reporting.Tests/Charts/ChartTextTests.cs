using GptQuantBench.Reporting.Charts;

namespace GptQuantBench.Reporting.Tests.Charts;

public sealed class ChartTextTests
{
    [Fact]
    public void ShortTextStays() => Assert.Equal("gpt2 µs ±1 → 2", ChartText.Fit("gpt2 µs ±1 → 2", 200, 13));

    [Fact]
    public void LongTextKeepsBothEnds()
    {
        string fitted = ChartText.Fit("gpt2-" + new string('x', 200) + "-medium", 120, 13);

        Assert.StartsWith("gpt2-", fitted, StringComparison.Ordinal);
        Assert.EndsWith("-medium", fitted, StringComparison.Ordinal);
        Assert.Contains('…', fitted);
        Assert.InRange(ChartText.Width(fitted, 13), 60, 120);
    }

    /// <summary>No text with one character more fits, and none is cut that would fit.</summary>
    [Fact]
    public void AsMuchAsFitsIsKept()
    {
        const string Text = "abcdefghijklmnopqrstuvwxyz";
        float whole = ChartText.Width(Text, 13);
        Assert.Equal(Text, ChartText.Fit(Text, whole, 13));
        string cut = ChartText.Fit(Text, whole - 0.01f, 13);
        Assert.Equal("abcdefghijkl…opqrstuvwxyz", cut);
        Assert.Equal("abcdefghijkl…pqrstuvwxyz", ChartText.Fit(Text, ChartText.Width(cut, 13) - 0.01f, 13));
        Assert.Equal("a…z", ChartText.Fit(Text, ChartText.Width("a…z", 13), 13));
        Assert.Equal("…", ChartText.Fit(Text, ChartText.Width("a…z", 13) - 0.01f, 13));
        Assert.Equal("…", ChartText.Fit(Text, 0, 13));
        Assert.True(ChartText.Fit(Text + Text, 300, 13, isBold: true).Length < ChartText.Fit(Text + Text, 300, 13).Length);
    }

    /// <summary>A text is as wide at every place and grows with its size.</summary>
    [Fact]
    public void AWidthIsTheSumOfTheFontsAdvancesWithoutRoundingToPixels()
    {
        float two = ChartText.Width("88", 13), twenty = ChartText.Width(new string('8', 20), 13);
        Assert.Equal(10 * two, twenty, 0.001f);
        Assert.NotEqual(MathF.Round(two), two);
        Assert.Equal(2 * two, ChartText.Width("88", 26), 0.001f);
    }

    [Fact]
    public void WhatTheFontLacksIsABoxAndWhatIsInvisibleAnEscape() => Assert.Equal("a□\\u0000b□", ChartText.Drawable("a模\0b👩"));

    [Fact]
    public void BoldIsWider() => Assert.True(ChartText.Width("Throughput", 16, isBold: true) > ChartText.Width("Throughput", 16));
}
