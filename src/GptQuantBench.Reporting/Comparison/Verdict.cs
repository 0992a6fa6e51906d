namespace GptQuantBench.Reporting.Comparison;

/// <summary>What two runs say about one metric of one case.</summary>
public enum Verdict
{
    /// <summary>No difference that is both certain and as large as the minimum effect.</summary>
    Same,

    /// <summary>Faster, smaller, or of better quality.</summary>
    Better,

    /// <summary>Slower, larger, of worse quality, or failed where it did not fail before: a regression.</summary>
    Worse,

    /// <summary>Different where no side is better, e.g. other token ids.</summary>
    Changed,

    /// <summary>Fewer than <see cref="ComparisonOptions.MinimumProcesses"/> processes on a side.</summary>
    TooFewSamples,

    /// <summary>Not measured on both sides, or not the same work.</summary>
    NotComparable,
}
