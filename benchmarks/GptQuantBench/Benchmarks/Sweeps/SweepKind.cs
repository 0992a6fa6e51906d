using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>A sweep as the host plans it and names it in reports.</summary>
/// <param name="Name">Value of <c>sweep</c> in the report.</param>
/// <param name="Title">As progress shows it.</param>
/// <param name="Type">The benchmark class.</param>
/// <param name="Points">Points of a model; none where the sweep has nothing to do on it.</param>
/// <param name="RepeatsOf">Measured calls of a point in each process.</param>
/// <param name="TokensOf">New ids of each sequence in a call.</param>
internal sealed record SweepKind(
    string Name,
    string Title,
    Type Type,
    Func<SweepSettings, string, IReadOnlyList<SweepPoint>> Points,
    Func<SweepSettings, int> RepeatsOf,
    Func<SweepSettings, int> TokensOf)
{
    /// <summary>All of them, in the order in which they run.</summary>
    public static IReadOnlyList<SweepKind> All { get; } =
    [
        new(
            SweepResult.PromptLength,
            "prompt length",
            typeof(PromptLengthSweep),
            (sweeps, model) => sweeps.PromptLengthPoints(model),
            sweeps => sweeps.Repeats,
            _ => 1),
        new(
            SweepResult.Depth,
            "decode at depth",
            typeof(DepthSweep),
            (sweeps, model) => sweeps.DepthPoints(model),
            sweeps => sweeps.Repeats,
            sweeps => sweeps.Tokens),
        new(
            SweepResult.BatchSizes,
            "batch size",
            typeof(BatchSizeSweep),
            (sweeps, _) => sweeps.BatchPoints(),
            sweeps => sweeps.Repeats,
            sweeps => sweeps.BatchTokens),
        new(
            SweepResult.TokenTimes,
            "single-token times",
            typeof(TokenTimesSweep),
            (sweeps, _) => sweeps.Tokens > 1 ? [new SweepPoint()] : [],
            sweeps => sweeps.TimedSequences,
            sweeps => sweeps.Tokens),
    ];

    /// <summary>True for the benchmark class of a sweep.</summary>
    public static bool Has(Type type) => All.Any(kind => kind.Type == type);

    /// <summary>The sweep of a benchmark class.</summary>
    public static SweepKind Of(Type type) => All.Single(kind => kind.Type == type);

    /// <summary>Calls that BenchmarkDotNet makes in each process; models with fewer points leave the last ones empty.</summary>
    public int Iterations(SweepSettings sweeps) =>
        RepeatsOf(sweeps) * Math.Max(1, sweeps.ContextLengths.Keys.Max(model => Points(sweeps, model).Count));
}
