namespace GptQuantBench.Reporting.Charts;

/// <summary>One point.</summary>
/// <param name="Label">What stands beside it.</param>
/// <param name="Format">The format, which decides its colour.</param>
/// <param name="X">To the right.</param>
/// <param name="Y">Upward.</param>
internal sealed record ScatterPoint(string Label, string Format, double X, double Y);
