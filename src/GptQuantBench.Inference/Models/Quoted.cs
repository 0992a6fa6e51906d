using System.Text;
using System.Text.Json;

namespace GptQuantBench.Inference.Models;

/// <summary>Text from outside, made fit for a one-line message.</summary>
internal static class Quoted
{
    private const int LongestShown = 100;

    /// <summary>A value as its file has it, in quotes; of lists and objects only that they are some.</summary>
    public static string Json(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ => Text(value.GetRawText()),
    };

    /// <summary>The text in quotes: control characters and unpaired surrogates escaped, cut behind 100 characters.</summary>
    public static string Text(string text)
    {
        var builder = new StringBuilder("'");
        for (int i = 0; i < text.Length && i < LongestShown; i++)
        {
            char c = text[i];
            bool isPair = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (isPair)
            {
                builder.Append(c).Append(text[++i]);
            }
            else if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029')
            {
                builder.Append($"\\u{(int)c:x4}");
            }
            else
            {
                builder.Append(c);
            }
        }

        return builder.Append(text.Length > LongestShown ? "…'" : "'").ToString();
    }
}
