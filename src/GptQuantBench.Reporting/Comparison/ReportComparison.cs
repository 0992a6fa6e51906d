namespace GptQuantBench.Reporting.Comparison;

/// <summary>Two runs, case by case and metric by metric.</summary>
public sealed record ReportComparison
{
    /// <summary>Smallest relative change that matters.</summary>
    public required double Threshold { get; init; }

    /// <summary>Where the two runs were not made under the same conditions, and what could not be judged; one sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; init => field = value ?? []; } = [];

    /// <summary>The cases that both reports have, in the order of the base report.</summary>
    public IReadOnlyList<CaseVerdicts> Cases { get; init => field = value ?? []; } = [];

    /// <summary>True where a metric of a case became worse.</summary>
    public bool IsRegression => Regressions > 0;

    /// <summary>Number of verdicts <see cref="Verdict.Worse"/>.</summary>
    public int Regressions => Count(Verdict.Worse);

    /// <summary>Number of verdicts <see cref="Verdict.Better"/>.</summary>
    public int Improvements => Count(Verdict.Better);

    /// <summary>Number of verdicts of a kind.</summary>
    internal int Count(Verdict verdict) => Cases.Sum(pair => pair.Metrics.Count(metric => metric.Verdict == verdict));
}
