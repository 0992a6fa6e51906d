using System.Globalization;

namespace GptQuantBench.Reporting.Merging;

/// <summary>Which part of a run a report is.</summary>
/// <param name="Number">Which part, from 1.</param>
/// <param name="Count">Number of parts.</param>
internal sealed record ShardName(int Number, int Count)
{
    /// <summary>Reads <c>1/4</c>; null for anything else.</summary>
    public static ShardName? Parse(string? text) =>
        text?.Split('/') is [var number, var count]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int k)
        && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int n)
        && k >= 1 && k <= n
            ? new ShardName(k, n)
            : null;
}
