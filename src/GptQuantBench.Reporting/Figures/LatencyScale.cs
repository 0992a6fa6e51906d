namespace GptQuantBench.Reporting.Figures;

/// <summary>The reference script's reading aid: what a first-token latency feels like.</summary>
public static class LatencyScale
{
    /// <summary>The scale in one line.</summary>
    public const string Legend = "<10 ms very good, 10-20 good, 20-50 OK, 50-100 moderate, >100 slow";

    /// <summary>The rating of a latency; null for one that was not measured. A limit belongs to the slower side, 100 to moderate.</summary>
    /// <param name="milliseconds">Warm first-token latency.</param>
    public static LatencyRating? Rate(double? milliseconds) => Ratio.Finite(milliseconds) switch
    {
        null => null,
        < 10 => LatencyRating.VeryGood,
        < 20 => LatencyRating.Good,
        < 50 => LatencyRating.Ok,
        <= 100 => LatencyRating.Moderate,
        _ => LatencyRating.Slow,
    };

    /// <summary>The rating as people read it.</summary>
    public static string Name(LatencyRating rating) => rating switch
    {
        LatencyRating.VeryGood => "very good",
        LatencyRating.Good => "good",
        LatencyRating.Ok => "OK",
        LatencyRating.Moderate => "moderate",
        LatencyRating.Slow => "slow",
        _ => throw new ArgumentOutOfRangeException(nameof(rating), rating, "There is no such rating."),
    };
}
