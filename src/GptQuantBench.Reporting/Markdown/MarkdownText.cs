using System.Text;
using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Markdown;

/// <summary>Text of unknown content inside Markdown.</summary>
internal static class MarkdownText
{
    private const string Special = "\\`*_{}[]<>#|~&$";

    /// <summary>The text on one line, every character meaning itself.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (char character in TextPreview.SingleLine(text))
        {
            if (Special.Contains(character, StringComparison.Ordinal))
            {
                escaped.Append('\\');
            }

            escaped.Append(character);
        }

        return escaped.ToString();
    }

    /// <summary>The text on one line as code; the fence is longer than any run of backticks inside.</summary>
    public static string Code(string text)
    {
        string line = TextPreview.SingleLine(text);
        int longest = 0;
        int run = 0;
        foreach (char character in line)
        {
            run = character == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        string fence = new('`', longest + 1);
        return longest == 0 ? $"{fence}{line}{fence}" : $"{fence} {line} {fence}";
    }
}
