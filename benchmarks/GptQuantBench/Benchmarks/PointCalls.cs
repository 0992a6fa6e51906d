namespace GptQuantBench.Benchmarks;

/// <summary>What BenchmarkDotNet's iterations are in a benchmark over points.</summary>
/// <param name="Points">In order; iterations beyond their calls do nothing.</param>
/// <param name="Repeats">Measured calls of each point.</param>
/// <param name="WarmUps">Calls before them that are thrown away.</param>
public sealed record PointCalls<TPoint>(IReadOnlyList<TPoint> Points, int Repeats, int WarmUps);
