using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.EventProcessors;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Kernels;
using GptQuantBench.Benchmarks.Sweeps;
using GptQuantBench.Diagnosers;

namespace GptQuantBench.Configuration;

/// <summary>
/// BenchmarkDotNet's configuration of benchmarks over points: the main job's, with the calls of all points as one process's iterations.
/// </summary>
internal static class PointConfig
{
    /// <summary>
    /// Options whose value would cut the list of times into other pieces; <see cref="SweepSettings"/> and <see cref="KernelSettings"/> have
    /// taken theirs.
    /// </summary>
    public static IReadOnlyList<string> OwnOptions { get; } = ["iterationCount", "warmupCount", "invocationCount", "unrollFactor", "strategy"];

    /// <summary>The configuration of a sweep.</summary>
    public static ManualConfig OfSweep(
        RunSettings settings, SweepKind kind, bool inProcess, string artifactsDirectory, EventProcessor? progress, ILogger log) =>
        Create(kind.Iterations(settings.Sweeps!), inProcess, artifactsDirectory, progress, log)
            .AddDiagnoser(new SweepDiagnoser(settings))
            .WithOrderer(new CaseOrderer(settings));

    /// <summary>The configuration of the matrix kernels.</summary>
    public static ManualConfig OfKernels(RunSettings settings, bool inProcess, string artifactsDirectory, EventProcessor? progress, ILogger log) =>
        Create(settings.KernelBenchmarks!.Iterations, inProcess, artifactsDirectory, progress, log)
            .AddDiagnoser(new KernelDiagnoser(settings));

    /// <summary>The configuration of the probes, whose points are single ones: with BenchmarkDotNet's own statistics.</summary>
    public static ManualConfig OfProbes(RunSettings settings, bool inProcess, string artifactsDirectory, EventProcessor? progress, ILogger log) =>
        Create(settings.KernelBenchmarks!.Repeats, inProcess, artifactsDirectory, progress, log).AddColumnProvider(DefaultColumnProviders.Statistics);

    /// <summary>
    /// One job, marked as default as in the main job. No column of BenchmarkDotNet's own statistics: they would mix the points; each
    /// point has a column of its own.
    /// </summary>
    private static ManualConfig Create(int iterations, bool inProcess, string artifactsDirectory, EventProcessor? progress, ILogger log)
    {
        var job = Job.Default
            .WithStrategy(RunStrategy.Monitoring)
            .WithLaunchCount(1)
            .WithWarmupCount(0)
            .WithIterationCount(iterations)
            .WithToolchain(MainJobConfig.Toolchain(inProcess))
            .AsDefault();
        var config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddLogger(log)
            .AddColumnProvider(DefaultColumnProviders.Descriptor, DefaultColumnProviders.Params, DefaultColumnProviders.Metrics)
            .AddExporter(JsonExporter.Full, MarkdownExporter.GitHub)
            .WithArtifactsPath(artifactsDirectory)
            .WithBuildTimeout(MainJobConfig.BuildTimeout)
            .WithOptions(ConfigOptions.DisableLogFile);
        return progress is null ? config : config.AddEventProcessor(progress);
    }
}
