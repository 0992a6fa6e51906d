using System.Xml.Linq;
using GptQuantBench.Reporting.Charts;

namespace GptQuantBench.Reporting.Tests.Charts;

/// <summary>What a chart's document gets beyond what Skia writes.</summary>
public sealed class ChartSvgTests
{
    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    private readonly XElement _root = XDocument.Parse(ChartSvg.Complete(
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="600" height="325">
          <clipPath id="cl_17"><rect width="10" height="10"/></clipPath>
          <g clip-path="url(#cl_17)"><rect fill="white" width="600" height="325"/></g>
          <clipPath id="cl_18"><rect width="20" height="20"/></clipPath>
          <g clip-path="url(#cl_18)">
            <text fill="#1B1F24" font-size="13" font-family="Inter" x="1.256, 9, 16" y="4.5, 4.5, 4.5">FP1 </text>
            <text font-size="12" font-weight="bold" font-family="Inter" x="-7" y="0">8-bit</text>
            <text font-size="12" font-family="Inter" x="3" y="2"> </text>
          </g>
        </svg>
        """,
        "memory",
        "Memory",
        "gpt2: FP16 0.249 GB.")).Root!;

    [Fact]
    public void ItScalesAndIsReadAloudByItsTitleAndDescription()
    {
        Assert.Equal(("0 0 600 325", "img", "memory-title memory-desc"), (Attribute(_root, "viewBox"), Attribute(_root, "role"), Attribute(_root, "aria-labelledby")));
        XElement[] first = [.. _root.Elements().Take(2)];
        Assert.Equal((_svg + "title", "memory-title", "Memory"), (first[0].Name, Attribute(first[0], "id"), first[0].Value));
        Assert.Equal((_svg + "desc", "memory-desc", "gpt2: FP16 0.249 GB."), (first[1].Name, Attribute(first[1], "id"), first[1].Value));
    }

    [Fact]
    public void IdsAreCountedAndReferencesFollow()
    {
        Assert.Equal(["memory-0", "memory-1"], _root.Elements(_svg + "clipPath").Select(clip => Attribute(clip, "id")));
        Assert.Equal(["url(#memory-0)", "url(#memory-1)"], _root.Elements(_svg + "g").Select(group => Attribute(group, "clip-path")));
    }

    [Fact]
    public void ATextStartsWhereItsFirstGlyphDidAndFillsTheSameRoomInAnyFont()
    {
        XElement text = _root.Descendants(_svg + "text").First();
        Assert.Equal("FP1", text.Value);
        Assert.Equal(("1.26", "4.5"), (Attribute(text, "x"), Attribute(text, "y")));
        Assert.Equal(ChartText.Width("FP1", 13), float.Parse(Attribute(text, "textLength")!, System.Globalization.CultureInfo.InvariantCulture), 0.005f);
        Assert.Equal("spacingAndGlyphs", Attribute(text, "lengthAdjust"));
        Assert.Equal("Inter, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif", Attribute(text, "font-family"));
        Assert.Null(Attribute(text, "font-weight"));
    }

    [Fact]
    public void BoldTextIsSemiBoldAndAsWideAsThat()
    {
        XElement text = _root.Descendants(_svg + "text").ElementAt(1);
        Assert.Equal("600", Attribute(text, "font-weight"));
        Assert.Equal(ChartText.Width("8-bit", 12, isBold: true), float.Parse(Attribute(text, "textLength")!, System.Globalization.CultureInfo.InvariantCulture), 0.005f);
    }

    /// <summary>SVG has an error for a length that is not above 0.</summary>
    [Fact]
    public void ABlankTextHasNoLength()
    {
        XElement text = _root.Descendants(_svg + "text").ElementAt(2);
        Assert.Null(Attribute(text, "textLength"));
        Assert.Null(Attribute(text, "lengthAdjust"));
    }

    private static string? Attribute(XElement element, string name) => (string?)element.Attribute(name);
}
