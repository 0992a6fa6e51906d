using System.Text;
using GptQuantBench.Reporting.Figures;
using SkiaSharp;

namespace GptQuantBench.Reporting.Charts;

/// <summary>Text of unknown content and length inside a chart.</summary>
internal static class ChartText
{
    private static readonly Rune _unknown = new('□');

    /// <summary>Width of a text, pixels.</summary>
    public static float Width(string text, float size, bool isBold = false)
    {
        using var font = new SKFont(ChartFonts.Instance.Typeface(isBold), size) { Subpixel = true, LinearMetrics = true, Hinting = SKFontHinting.None };
        return font.MeasureText(text);
    }

    /// <summary>The text on one line and in characters that the font has.</summary>
    public static string Drawable(string text)
    {
        using var font = new SKFont(ChartFonts.Instance.Typeface(isBold: false));
        var drawable = new StringBuilder(text.Length);
        foreach (Rune rune in TextPreview.SingleLine(text).EnumerateRunes())
        {
            drawable.Append(font.ContainsGlyph(rune.Value) ? rune : _unknown);
        }

        return drawable.ToString();
    }

    /// <summary>The drawable text, with an ellipsis in its middle where it is wider than the room: names differ at both ends.</summary>
    public static string Fit(string text, float width, float size, bool isBold = false)
    {
        string drawable = Drawable(text);
        if (Width(drawable, size, isBold) <= width)
        {
            return drawable;
        }

        for (int kept = drawable.Length - 1; kept > 1; kept--)
        {
            string shortened = $"{drawable[..((kept + 1) / 2)]}…{drawable[^(kept / 2)..]}";
            if (Width(shortened, size, isBold) <= width)
            {
                return shortened;
            }
        }

        return "…";
    }
}
