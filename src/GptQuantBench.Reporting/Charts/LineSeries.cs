namespace GptQuantBench.Reporting.Charts;

/// <summary>A line of a <see cref="LineChart"/>.</summary>
/// <param name="Label">What stands at its end.</param>
/// <param name="Format">The format, which decides its colour.</param>
/// <param name="Group">Number of the model, which decides the shape of its markers.</param>
/// <param name="Points">At least one, in ascending order of X.</param>
internal sealed record LineSeries(string Label, string Format, int Group, IReadOnlyList<(double X, double Y)> Points);
