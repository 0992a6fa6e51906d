using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Comparison;

/// <summary>The verdicts on what is counted or computed, not timed: any difference is one.</summary>
internal static class ExactComparison
{
    /// <summary>
    /// Smallest relative change of a perplexity that is one: another order of additions moves the last digits, and no format that
    /// differs moves so little.
    /// </summary>
    private const double PerplexityTolerance = 1e-3;

    private static readonly (string Key, string Name, Func<CaseResult, long?> Value)[] _bytes =
    [
        ("kv_cache_bytes", "KV cache", result => result.KvCacheBytes),
        ("workspace_bytes", "Workspace", result => result.WorkspaceBytes),
        ("peak_bytes", "Peak", result => result.PeakBytes),
    ];

    /// <summary>The verdicts; a figure that neither report has is left out.</summary>
    public static IEnumerable<MetricComparison> Of(CasePair pair)
    {
        (CaseResult before, CaseResult after) = pair;
        MetricComparison?[] all =
        [
            Number("memory_gb", "Memory", "GB", before.MemoryGb, after.MemoryGb, tolerance: 0, Wordings.OfBytes),
            .. _bytes.Select(bytes => Number(bytes.Key, bytes.Name, "B", bytes.Value(before), bytes.Value(after), tolerance: 0, Wordings.OfBytes)),
            Perplexity(before, after),
            Ids(before, after),
        ];
        return all.OfType<MetricComparison>();
    }

    private static MetricComparison? Perplexity(CaseResult before, CaseResult after)
    {
        bool isSameProtocol = before.Quality?.TextSha256 == after.Quality?.TextSha256
            && before.Quality?.Window == after.Quality?.Window && before.Quality?.Stride == after.Quality?.Stride;
        return isSameProtocol
            ? Number("perplexity", "Perplexity", "", before.Quality?.Perplexity, after.Quality?.Perplexity, PerplexityTolerance, Wordings.OfQuality)
            : null;
    }

    private static MetricComparison? Ids(CaseResult before, CaseResult after)
    {
        bool isSameSampling = before.Seed == after.Seed && before.Temperature == after.Temperature && before.TopP == after.TopP;
        if (!isSameSampling || before.GeneratedIds is not { } first || after.GeneratedIds is not { } second)
        {
            return null;
        }

        bool isSame = first.SequenceEqual(second);
        return new MetricComparison
        {
            Metric = "generated_ids",
            Name = "Token ids",
            Unit = "",
            Verdict = isSame ? Verdict.Same : Verdict.Changed,
            Wording = isSame ? Wordings.Same : Wordings.Changed,
            Note = isSame ? null : $"The generated ids differ from token {first.Zip(second).TakeWhile(ids => ids.First == ids.Second).Count() + 1} on.",
        };
    }

    private static MetricComparison? Number(
        string key, string name, string unit, double? before, double? after, double tolerance, Func<Verdict, string> wording)
    {
        if (before is null && after is null)
        {
            return null;
        }

        double? change = before == after && before is not null ? 0 : Ratio.Of(after, before) - 1;
        Verdict verdict = before is null || after is null ? Verdict.NotComparable
            : before == after || Math.Abs(change ?? double.PositiveInfinity) <= tolerance ? Verdict.Same
            : after < before ? Verdict.Better
            : Verdict.Worse;
        return new MetricComparison
        {
            Metric = key,
            Name = name,
            Unit = unit,
            Verdict = verdict,
            Wording = verdict == Verdict.NotComparable ? Wordings.NotMeasured : wording(verdict),
            Base = before,
            New = after,
            Change = change,
        };
    }
}
