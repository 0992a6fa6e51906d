using GptQuantBench.Reporting.Charts;
using ScottPlot;
using SkiaSharp;

namespace GptQuantBench.Reporting.Tests.Charts;

/// <summary>Charts have their own font, so that they look the same on a machine without any.</summary>
public sealed class ChartFontsTests
{
    [Fact]
    public void TheEmbeddedFontIsInterInTwoWeights()
    {
        (SKTypeface regular, SKTypeface bold) = (ChartFonts.Instance.Typeface(isBold: false), ChartFonts.Instance.Typeface(isBold: true));
        Assert.Equal(("Inter", 400), (regular.FamilyName, regular.FontWeight));
        Assert.Equal(600, bold.FontWeight);
        Assert.StartsWith("Inter", bold.FamilyName, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FontWeight.Normal, 400)]
    [InlineData(FontWeight.Medium, 400)]
    [InlineData(FontWeight.SemiBold, 600)]
    [InlineData(FontWeight.Bold, 600)]
    public void AWeightHasTheTypefaceThatIsNear(FontWeight weight, int expected) =>
        Assert.Equal(expected, ChartFonts.Instance.CreateTypeface(ChartFonts.Family, weight, FontSlant.Upright, FontSpacing.Normal)!.FontWeight);

    [Fact]
    public void OtherFamiliesAreLeftToTheSystem()
    {
        Assert.Null(ChartFonts.Instance.CreateTypeface("Arial", FontWeight.Normal, FontSlant.Upright, FontSpacing.Normal));
        Assert.Null(ChartFonts.Instance.CreateTypeface("Arial", bold: true, italic: false));
    }

    [Fact]
    public void ScottPlotTakesItForWhateverIsWritten()
    {
        Assert.Same(ChartFonts.Instance, Fonts.FontResolvers[0]);
        Assert.Equal("Inter", Fonts.Default);
    }
}
