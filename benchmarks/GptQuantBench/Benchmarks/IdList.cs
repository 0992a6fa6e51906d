using System.Globalization;
using GptQuantBench.Commands;

namespace GptQuantBench.Benchmarks;

/// <summary>Token ids as a user types them: whole numbers separated by spaces or commas.</summary>
internal static class IdList
{
    private static readonly char[] _separators = [' ', ',', '\t', '\n', '\r'];

    /// <summary>True where the text is a list of ids.</summary>
    public static bool TryParse(string text, out int[] ids)
    {
        var parts = text.Split(_separators, StringSplitOptions.RemoveEmptyEntries);
        ids = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out ids[i]))
            {
                return false;
            }
        }

        return parts.Length > 0;
    }

    /// <summary>The ids.</summary>
    /// <exception cref="UserErrorException">The text is something else.</exception>
    public static int[] Parse(string text) =>
        TryParse(text, out var ids)
            ? ids
            : throw new UserErrorException($"'{text}' is not a list of token ids; give whole numbers separated by spaces, such as \"464 2003\".");
}
