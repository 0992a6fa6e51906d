using System.CommandLine;
using System.Globalization;

namespace GptQuantBench.Commands;

/// <summary>Values of options, checked; a wrong one is one sentence that names option, value and range.</summary>
internal static class OptionValues
{
    /// <summary>A whole number of a range.</summary>
    public static int Int(this ParseResult result, Option<string?> option, int defaultValue, int minimum, int maximum)
    {
        var text = result.GetValue(option);
        return text is null ? defaultValue
            : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= minimum && value <= maximum
                ? value
                : throw Wrong(option, text, $"a whole number from {minimum} to {maximum}");
    }

    /// <summary>An unsigned number of 64 bits.</summary>
    public static ulong UInt64(this ParseResult result, Option<string?> option, ulong defaultValue)
    {
        var text = result.GetValue(option);
        return text is null ? defaultValue
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                ? value
                : throw Wrong(option, text, "a whole number from 0 to 18446744073709551615");
    }

    /// <summary>A number; its range is checked by <paramref name="isValid"/>.</summary>
    public static float Float(this ParseResult result, Option<string?> option, float defaultValue, Func<float, bool> isValid, string expected)
    {
        var text = result.GetValue(option);
        return text is null ? defaultValue
            : float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && float.IsFinite(value) && isValid(value)
                ? value
                : throw Wrong(option, text, expected);
    }

    /// <summary>A share, at least 0 and below 1: <c>3%</c> or <c>0.03</c>.</summary>
    public static double Share(this ParseResult result, Option<string?> option, double defaultValue)
    {
        var text = result.GetValue(option);
        if (text is null)
        {
            return defaultValue;
        }

        var isPercent = text.EndsWith('%');
        return double.TryParse(isPercent ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && (isPercent ? value / 100 : value) is var share && share < 1
                ? share
                : throw Wrong(option, text, "a share such as 3% or 0.03, below 100%");
    }

    /// <summary>Names separated by commas, without repeats.</summary>
    public static IReadOnlyList<string> Names(this ParseResult result, Option<string?> option, string defaultValue)
    {
        var text = result.GetValue(option) ?? defaultValue;
        string[] names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names.Length == 0
            ? throw Wrong(option, text, "at least one name")
            : [.. names.Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>One of a few words.</summary>
    public static string Choice(this ParseResult result, Option<string?> option, params string[] choices)
    {
        var text = result.GetValue(option) ?? choices[0];
        return choices.FirstOrDefault(choice => choice.Equals(text, StringComparison.OrdinalIgnoreCase))
            ?? throw Wrong(option, text, string.Join(" or ", choices));
    }

    private static UserErrorException Wrong(Option option, string text, string expected) =>
        new($"Option {option.Name} has the value '{text}'; expected {expected}.");
}
