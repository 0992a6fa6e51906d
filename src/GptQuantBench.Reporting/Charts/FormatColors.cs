using ScottPlot;

namespace GptQuantBench.Reporting.Charts;

/// <summary>
/// A colour per format: those of Okabe and Ito (2008), which people with any kind of colour blindness tell apart. Yellow and
/// black are left out, since one of them vanishes on white and the other on black. Every bar and point has its name beside it, so a
/// colour may come again.
/// </summary>
internal sealed class FormatColors
{
    private static readonly string[] _others = ["#CC79A7", "#D55E00", "#56B4E9", "#8C8C8C"];

    private readonly Dictionary<string, string> _colors = new()
    {
        ["FP16"] = "#0072B2",
        ["8-bit"] = "#E69F00",
        ["4-bit"] = "#009E73",
    };

    /// <param name="formats">All formats of the report, in order.</param>
    public FormatColors(IEnumerable<string> formats)
    {
        int next = 0;
        foreach (string format in formats)
        {
            if (_colors.TryAdd(format, _others[next % _others.Length]))
            {
                next++;
            }
        }
    }

    /// <summary>The colour of a format of the report.</summary>
    public Color Of(string format) => Color.FromHex(_colors[format]);
}
