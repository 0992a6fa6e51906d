using System.Globalization;
using System.Text;
using System.Xml.Linq;
using GptQuantBench.Reporting.Charts;

namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>
/// What a chart shows, one element a line in the order of drawing: texts with their start, end and baseline, boxes, dots and lines, in
/// pixels from the left and from the top, with their colours. It is read from the SVG document, so it is what a reader gets.
/// </summary>
internal static class DrawnChart
{
    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    /// <summary>The chart in a theme; lines end in LF.</summary>
    public static string Of(Chart chart, ChartTheme theme)
    {
        XElement root = XDocument.Parse(chart.ToSvg(theme)).Root!;
        var lines = new StringBuilder();
        lines.Append($"{chart.Name}: {chart.Title}\n{chart.Description}\n");
        lines.Append($"picture {Span(0, Number(root, "width"))} x {Span(0, Number(root, "height"))}\n");
        lines.Append($"axes {Axes(root)}\n");
        foreach (XElement element in root.Descendants().Where(element => element.Parent!.Name.LocalName != "clipPath"))
        {
            string? line = element.Name.LocalName switch
            {
                "text" => Text(element),
                "rect" => Box(element),
                "ellipse" => Dot(element),
                "path" => Path(element),
                "svg" or "g" or "clipPath" or "title" or "desc" => null,
                string other => throw new NotSupportedException(other),
            };
            lines.Append(line is null ? "" : line + "\n");
        }

        return lines.ToString();
    }

    /// <summary>The area between the axes, which everything that stands in them is cut to.</summary>
    private static string Axes(XElement root)
    {
        Dictionary<string, XElement> areas = root.Descendants(_svg + "clipPath").ToDictionary(clip => $"url(#{(string)clip.Attribute("id")!})", clip => clip.Elements().Single());
        return Assert.Single(root.Descendants().Attributes("clip-path").Select(clip => Area(areas[clip.Value])).Distinct());
    }

    private static string Text(XElement text)
    {
        (double x, double y, bool isTurned) = SvgText.Anchor(text);
        (double start, double length, double baseline) = (Number(text, "x"), Number(text, "textLength"), Number(text, "y"));
        string place = isTurned ? $"upward {One(x + baseline)} x {Span(y - start, y - start - length)}" : $"{Span(x + start, x + start + length)} x {One(y + baseline)}";
        return $"text {place} {One(Number(text, "font-size"))}px {(text.Attribute("font-weight") is { } weight ? weight.Value + " " : "")}{Fill(text)} '{text.Value}'";
    }

    private static string Box(XElement box) => $"box {Area(box)} {Fill(box)}";

    private static string Dot(XElement dot)
    {
        Assert.Equal(Number(dot, "rx"), Number(dot, "ry"), 1e-3);
        return $"dot {One(Number(dot, "cx"))} x {One(Number(dot, "cy"))} radius {One(Number(dot, "rx"))} {Fill(dot)}";
    }

    /// <summary>Strokes of one colour or a filled shape; strokes without length are not seen.</summary>
    private static string? Path(XElement path)
    {
        string[] strokes =
        [
            .. ((string)path.Attribute("d")!).Split('M', StringSplitOptions.RemoveEmptyEntries)
                .Select(stroke => stroke.Trim('Z', ' ').Split('L').Select(point => string.Join(',', point.Trim().Split(' ', ',').Select(number => One(double.Parse(number, CultureInfo.InvariantCulture))))).ToArray())
                .Where(points => points.Distinct().Count() > 1)
                .Select(points => string.Join(' ', points)),
        ];
        if (strokes.Length == 0)
        {
            return null;
        }

        if ((string?)path.Attribute("fill") != "none")
        {
            return $"shape {Fill(path)} {string.Join(" and ", strokes)}";
        }

        string dashes = (string?)path.Attribute("stroke-dasharray") is { } lengths ? $" dashed {lengths.Replace(" ", "", StringComparison.Ordinal)}" : "";
        return $"line {Color(path, "stroke")} {One(Number(path, "stroke-width"))}px{dashes} {string.Join(" and ", strokes)}";
    }

    private static string Area(XElement box)
    {
        (double x, double y) = (Number(box, "x"), Number(box, "y"));
        if (box.Attribute("transform") is not null)
        {
            (double right, double down, bool isTurned) = SvgText.Anchor(box);
            Assert.False(isTurned);
            (x, y) = (x + right, y + down);
        }

        return $"{Span(x, x + Number(box, "width"))} x {Span(y, y + Number(box, "height"))}";
    }

    private static string Fill(XElement element) => Color(element, "fill");

    private static string Color(XElement element, string attribute) =>
        ((string?)element.Attribute(attribute) ?? "black")
        + ((string?)element.Attribute(attribute + "-opacity") is { } opacity ? $" at {100 * double.Parse(opacity, CultureInfo.InvariantCulture):F0} %" : "");

    private static double Number(XElement element, string attribute) => element.Attribute(attribute) is null ? 0 : SvgText.Number(element, attribute);

    private static string Span(double start, double end) => $"{One(start)}..{One(end)}";

    private static string One(double value) => Math.Round(value, 1).ToString("0.#", CultureInfo.InvariantCulture);
}
