using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using GptQuantBench.Reporting.Charts;

namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>Texts of a chart's SVG document.</summary>
internal static partial class SvgText
{
    /// <summary>An attribute of an element as a number.</summary>
    public static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    /// <summary>Where a text is anchored, pixels from the left and from the top, and whether it is turned to the left.</summary>
    public static (double X, double Y, bool IsTurned) Anchor(XElement text)
    {
        Match place = Place().Match((string?)text.Attribute("transform") ?? "");
        Assert.True(place.Success, text.ToString());
        return (
            double.Parse(place.Groups[2].Value, CultureInfo.InvariantCulture),
            double.Parse(place.Groups[3].Value, CultureInfo.InvariantCulture),
            place.Groups[1].Value == "matrix(0 -1 1 0 ");
    }

    /// <summary>Start and end of a text lie in the picture; an axis may have its text turned to the left.</summary>
    public static void AssertInside(XElement text, Chart chart)
    {
        (double x, double y, bool isTurned) = Anchor(text);
        (double start, double end) = (Number(text, "x"), Number(text, "x") + Number(text, "textLength"));
        (double left, double right) = isTurned ? (x, x) : (x + start, x + end);
        (double top, double bottom) = isTurned ? (y - end, y - start) : (y, y);
        Assert.True(left >= 0 && right <= Chart.Width && top >= 0 && bottom <= chart.Height, text.ToString());
    }

    [GeneratedRegex(@"^(translate\(|matrix\(0 -1 1 0 )([-\d.]+)[ ,]+([-\d.]+)\)$")]
    private static partial Regex Place();
}
