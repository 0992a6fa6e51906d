namespace GptQuantBench.Reporting.Tables;

/// <summary>One cell.</summary>
/// <param name="Text">What stands there; says everything without colour.</param>
/// <param name="Tone">How it may be coloured.</param>
public readonly record struct ReportCell(string Text, CellTone Tone = CellTone.Neutral)
{
    /// <summary>Good where the figure is above the limit, bad where it is below.</summary>
    internal static ReportCell Judged(string text, double? figure, double limit) => new(
        text,
        figure > limit ? CellTone.Good : figure < limit ? CellTone.Bad : CellTone.Neutral);
}
