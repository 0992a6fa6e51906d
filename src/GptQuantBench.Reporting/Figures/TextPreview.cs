using System.Globalization;
using System.Text;

namespace GptQuantBench.Reporting.Figures;

/// <summary>Text of unknown content on one line: control characters are shown, never obeyed.</summary>
public static class TextPreview
{
    /// <summary>Number of characters (text elements) that a preview shows.</summary>
    public const int Length = 100;

    /// <summary>The beginning of a text on one line; an ellipsis says that there is more.</summary>
    /// <param name="text">Any string.</param>
    /// <param name="length">Most text elements to show, at least 1.</param>
    public static string Of(string text, int length = Length)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        TextElementEnumerator elements = StringInfo.GetTextElementEnumerator(text);
        int count = 0;
        while (elements.MoveNext())
        {
            if (count++ == length)
            {
                return SingleLine(text[..elements.ElementIndex]) + "…";
            }
        }

        return SingleLine(text);
    }

    /// <summary>The whole text on one line, with control, format and unpaired characters as escapes.</summary>
    public static string SingleLine(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var line = new StringBuilder(text.Length);
        for (int index = 0; index < text.Length; index++)
        {
            if (char.IsSurrogatePair(text, index))
            {
                line.Append(text, index++, 2);
            }
            else
            {
                Append(line, text[index]);
            }
        }

        return line.ToString();
    }

    private static void Append(StringBuilder line, char character)
    {
        switch (character)
        {
            case '\n':
                line.Append("\\n");
                break;
            case '\r':
                line.Append("\\r");
                break;
            case '\t':
                line.Append("\\t");
                break;
            default:
                if (IsVisible(character))
                {
                    line.Append(character);
                }
                else
                {
                    line.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}");
                }

                break;
        }
    }

    // A zero-width joiner holds emoji together; other format characters can reorder what a terminal shows.
    private static bool IsVisible(char character) => character == '\u200D' || char.GetUnicodeCategory(character) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate);
}
