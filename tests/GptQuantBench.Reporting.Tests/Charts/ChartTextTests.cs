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

    [Fact]
    public void WhatTheFontLacksIsABoxAndWhatIsInvisibleAnEscape() => Assert.Equal("a□\\u0000b□", ChartText.Drawable("a模\0b👩"));

    [Fact]
    public void BoldIsWider() => Assert.True(ChartText.Width("Throughput", 16, isBold: true) > ChartText.Width("Throughput", 16));
}
