using System.Globalization;

namespace GptQuantBench.Commands;

/// <summary>A part of a run: every <paramref name="Count"/>-th case, so that all shards together are the whole run.</summary>
/// <param name="Number">Which part, from 1.</param>
/// <param name="Count">Number of parts.</param>
internal sealed record Shard(int Number, int Count)
{
    /// <summary>The whole run.</summary>
    public static Shard Whole { get; } = new(1, 1);

    /// <summary>Reads <c>1/4</c>; null is the whole run.</summary>
    /// <exception cref="UserErrorException">It is no shard.</exception>
    public static Shard Parse(string? text)
    {
        if (text is null)
        {
            return Whole;
        }

        return text.Split('/') is [var number, var count]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var k)
            && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            && k >= 1 && k <= n
                ? new Shard(k, n)
                : throw new UserErrorException($"Option {Options.Shard.Name} has the value '{text}'; expected K/N with 1 <= K <= N, such as 1/4.");
    }

    /// <summary>The cases of this part.</summary>
    /// <param name="cases">All cases, in the order in which the whole run would take them.</param>
    /// <exception cref="UserErrorException">The part has none.</exception>
    public IReadOnlyList<T> Of<T>(IEnumerable<T> cases)
    {
        T[] all = [.. cases];
        T[] mine = [.. all.Where((_, index) => index % Count == Number - 1)];
        return mine.Length > 0 || Count == 1
            ? mine
            : throw new UserErrorException($"Option {Options.Shard.Name} has the value '{Text}', but the run has {all.Length} cases; split it into at most so many parts.");
    }

    /// <summary>As typed; null for the whole run.</summary>
    public string? Text => Count == 1 ? null : string.Create(CultureInfo.InvariantCulture, $"{Number}/{Count}");
}
