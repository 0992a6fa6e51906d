namespace GptQuantBench.Inference.Models;

/// <summary>Finds what a mistyped name was probably meant to be.</summary>
public static class NearMatch
{
    private const int LongestCompared = 64;

    /// <summary>The candidate closest to <paramref name="value"/>, ignoring case; null where none is near.</summary>
    /// <param name="value">What the user wrote.</param>
    /// <param name="candidates">What would have been right; the first wins among equals.</param>
    public static string? Find(string value, IEnumerable<string> candidates)
    {
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string candidate in candidates)
        {
            int distance = Distance(value, candidate);
            int allowed = Math.Max(1, Math.Max(value.Length, candidate.Length) / 3);
            if (distance <= allowed && distance < bestDistance)
            {
                (best, bestDistance) = (candidate, distance);
            }
        }

        return best;
    }

    /// <summary>A part of a message such as <c> (did you mean 'cuda'?)</c>, or an empty string where nothing is near.</summary>
    public static string Hint(string value, IEnumerable<string> candidates) =>
        Find(value, candidates) is { } near ? $" (did you mean '{near}'?)" : "";

    /// <summary>
    /// Edits (insert, delete, replace, swap of neighbours) that make one word of the other, ignoring case: the optimal string
    /// alignment distance. Words beyond 64 characters count as wholly different.
    /// </summary>
    public static int Distance(string a, string b)
    {
        if (a.Length > LongestCompared || b.Length > LongestCompared)
        {
            return Math.Max(a.Length, b.Length);
        }

        Span<int> beforeLast = stackalloc int[LongestCompared + 1];
        Span<int> last = stackalloc int[LongestCompared + 1];
        Span<int> row = stackalloc int[LongestCompared + 1];
        for (int j = 0; j <= b.Length; j++)
        {
            last[j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replace = last[j - 1] + (Same(a[i - 1], b[j - 1]) ? 0 : 1);
                row[j] = Math.Min(replace, 1 + Math.Min(last[j], row[j - 1]));
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
                }
            }

            last.CopyTo(beforeLast);
            row.CopyTo(last);
        }

        return last[b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
