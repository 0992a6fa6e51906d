namespace GptQuantBench.Reporting.Comparison;

/// <summary>Verdicts in words that fit the metric.</summary>
internal static class Wordings
{
    public const string Same = "same";
    public const string TooFewSamples = "too few samples";
    public const string NotMeasured = "not measured";
    public const string NotComparable = "not comparable";
    public const string Changed = "changed";

    /// <summary>Of times and rates.</summary>
    public static string OfTime(Verdict verdict) => Of(verdict, "faster", "slower");

    /// <summary>Of bytes.</summary>
    public static string OfBytes(Verdict verdict) => Of(verdict, "smaller", "larger");

    /// <summary>Of quality and success.</summary>
    public static string OfQuality(Verdict verdict) => Of(verdict, "better", "worse");

    private static string Of(Verdict verdict, string better, string worse) => verdict switch
    {
        Verdict.Same => Same,
        Verdict.Better => better,
        Verdict.Worse => worse,
        Verdict.Changed => Changed,
        Verdict.TooFewSamples => TooFewSamples,
        Verdict.NotComparable => NotComparable,
        _ => throw new ArgumentOutOfRangeException(nameof(verdict)),
    };
}
