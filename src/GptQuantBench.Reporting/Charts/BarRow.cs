namespace GptQuantBench.Reporting.Charts;

/// <summary>One bar.</summary>
/// <param name="Label">What stands left of it.</param>
/// <param name="Format">The format, which decides its colour.</param>
/// <param name="Value">Its length, not negative; null where there is none.</param>
/// <param name="Text">What stands at its end, or in its place.</param>
internal sealed record BarRow(string Label, string Format, double? Value, string Text)
{
    /// <summary>Smallest sample; null draws no whisker.</summary>
    public double? Min { get; init; }

    /// <summary>Largest sample; null draws no whisker.</summary>
    public double? Max { get; init; }

    /// <summary>The part of the bar that is drawn in full colour, the rest being lighter; null draws all in full colour.</summary>
    public double? Part { get; init; }

    /// <summary>The largest value that is drawn.</summary>
    public double End => Math.Max(Value ?? 0, Max ?? 0);
}
