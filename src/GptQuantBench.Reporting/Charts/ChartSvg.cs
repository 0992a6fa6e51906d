using System.Globalization;
using System.Xml.Linq;

namespace GptQuantBench.Reporting.Charts;

/// <summary>What Skia's SVG lacks: a title, scaling, text that any font can show, ids that do not clash on a page.</summary>
internal static class ChartSvg
{
    private const string FontStack = ChartFonts.Family + ", 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif";

    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    /// <summary>The completed document.</summary>
    /// <param name="skia">As Skia wrote it.</param>
    /// <param name="name">The chart's name, unique on a page.</param>
    /// <param name="title">Read aloud as the picture's name.</param>
    /// <param name="description">Read aloud as its content.</param>
    public static string Complete(string skia, string name, string title, string description)
    {
        XElement root = XDocument.Parse(skia).Root!;
        root.SetAttributeValue("viewBox", $"0 0 {(string?)root.Attribute("width")} {(string?)root.Attribute("height")}");
        root.SetAttributeValue("role", "img");
        root.SetAttributeValue("aria-labelledby", $"{name}-title {name}-desc");
        MakeIdsUnique(root, name);
        foreach (XElement text in root.Descendants(_svg + "text"))
        {
            Simplify(text);
        }

        root.AddFirst(
            new XElement(_svg + "title", new XAttribute("id", $"{name}-title"), ChartText.Drawable(title)),
            new XElement(_svg + "desc", new XAttribute("id", $"{name}-desc"), ChartText.Drawable(description)));
        return root.ToString().ReplaceLineEndings("\n") + "\n";
    }

    /// <summary>Skia counts ids over the life of the process; counted per chart, equal charts are equal files.</summary>
    private static void MakeIdsUnique(XElement root, string name)
    {
        XAttribute[] attributes = [.. root.Descendants().Attributes()];
        Dictionary<string, string> ids = attributes
            .Where(attribute => attribute.Name == "id")
            .Select((attribute, index) => (attribute.Value, Name: string.Create(CultureInfo.InvariantCulture, $"{name}-{index}")))
            .ToDictionary(id => id.Value, id => id.Name);
        foreach (XAttribute attribute in attributes)
        {
            if (attribute.Name == "id")
            {
                attribute.Value = ids[attribute.Value];
            }
            else if (attribute.Value.StartsWith("url(#", StringComparison.Ordinal))
            {
                attribute.Value = $"url(#{ids[attribute.Value["url(#".Length..^1]]})";
            }
        }
    }

    /// <summary>
    /// Skia places every glyph of its own font. Where the reader has another font, that would tear words apart; start and length of the
    /// whole text let any font fill the same room.
    /// </summary>
    private static void Simplify(XElement text)
    {
        string content = text.Value.Trim();
        double[] x = Numbers(text, "x");
        double[] y = Numbers(text, "y");
        float size = float.Parse((string?)text.Attribute("font-size") ?? "16", CultureInfo.InvariantCulture);
        bool isBold = text.Attribute("font-weight") is not null;
        float length = ChartText.Width(content, size, isBold);
        text.SetAttributeValue("font-weight", isBold ? "600" : null);
        text.SetAttributeValue("font-family", FontStack);
        text.SetAttributeValue("x", Number(x.FirstOrDefault()));
        text.SetAttributeValue("y", Number(y.FirstOrDefault()));
        if (length > 0)
        {
            text.SetAttributeValue("textLength", Number(length));
            text.SetAttributeValue("lengthAdjust", "spacingAndGlyphs");
        }

        text.Value = content;
    }

    private static double[] Numbers(XElement element, string attribute) =>
    [
        .. ((string?)element.Attribute(attribute) ?? "")
            .Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)
            .Select(number => double.Parse(number, CultureInfo.InvariantCulture)),
    ];

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
