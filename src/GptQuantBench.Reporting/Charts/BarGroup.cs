namespace GptQuantBench.Reporting.Charts;

/// <summary>Bars with a common heading.</summary>
/// <param name="Heading">What they have in common, a model.</param>
/// <param name="Rows">The bars, top to bottom.</param>
internal sealed record BarGroup(string Heading, IReadOnlyList<BarRow> Rows);
