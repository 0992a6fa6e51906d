using BenchmarkDotNet.EventProcessors;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Sweeps;
using GptQuantBench.Configuration;
using GptQuantBench.Exporters;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Commands;

/// <summary>The sweeps of a run as benchmarks.</summary>
/// <param name="settings">The run.</param>
/// <param name="kept">Points of an earlier run that need not be measured again.</param>
/// <param name="inProcess">Whether everything runs in this process.</param>
/// <param name="artifacts">Folder of the results.</param>
/// <param name="forwarded">BenchmarkDotNet's own arguments.</param>
internal sealed class SweepPlan(
    RunSettings settings, IReadOnlyList<SweepResult> kept, bool inProcess, string artifacts, string[] forwarded)
{
    /// <summary>The benchmarks that the filters leave.</summary>
    public IReadOnlyList<BenchmarkCase> Benchmarks => [.. Runs(progress: null, NullLogger.Instance).SelectMany(run => run.BenchmarksCases)];

    /// <summary>One run for each sweep that has something to do.</summary>
    public IEnumerable<BenchmarkRunInfo> Runs(EventProcessor? progress, ILogger log) => settings.Sweeps is null
        ? []
        : SweepKind.All
            .Select(kind => BenchmarkDotNetOptions.Benchmarks(
                kind.Type,
                PointConfig.OfSweep(settings, kind, inProcess, artifacts, progress, log).AddFilter(new SimpleFilter(benchmark => IsWanted(kind, benchmark))),
                forwarded))
            .Where(run => run.BenchmarksCases.Length > 0);

    /// <summary>What will run and for how long, in one sentence.</summary>
    public string Announcement(IReadOnlyList<BenchmarkCase> benchmarks)
    {
        var time = SweepEstimate.Of(settings, benchmarks);
        return $"Sweeps: {string.Join(", ", benchmarks.Select(benchmark => SweepKind.Of(benchmark.Descriptor.Type).Title).Distinct())} over "
            + $"{string.Join(", ", benchmarks.Select(benchmark => benchmark.ModelName()).Distinct())} in "
            + $"{string.Join(", ", benchmarks.Select(benchmark => benchmark.FormatName()).Distinct())}, after the main job; "
            + $"estimated at {FigureFormat.Duration(time)} (--sweeps none leaves them out).";
    }

    private bool IsWanted(SweepKind kind, BenchmarkCase benchmark) =>
        kind.Points(settings.Sweeps!, benchmark.ModelName()).Count > 0
        && !kept.Any(row => row.IsSweep(kind, benchmark.ModelName(), benchmark.FormatName()));
}
