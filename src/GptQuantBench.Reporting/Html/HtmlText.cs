using System.Text.Encodings.Web;
using System.Text.Unicode;
using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Html;

/// <summary>Text of unknown content inside HTML.</summary>
internal static class HtmlText
{
    private static readonly HtmlEncoder _encoder = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>The text on one line, every character meaning itself, in elements and in quoted attributes.</summary>
    public static string Escape(string text) => _encoder.Encode(TextPreview.SingleLine(text));
}
