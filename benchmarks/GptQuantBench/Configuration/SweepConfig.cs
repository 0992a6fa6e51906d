using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.EventProcessors;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Sweeps;
using GptQuantBench.Diagnosers;

namespace GptQuantBench.Configuration;

/// <summary>BenchmarkDotNet's configuration of the sweeps: the main job's, with the calls of all points as one process's iterations.</summary>
internal static class SweepConfig
{
    /// <summary>Options whose value would cut the list of times into other pieces; <see cref="SweepSettings"/> has taken theirs.</summary>
    public static IReadOnlyList<string> OwnOptions { get; } = ["iterationCount", "warmupCount", "invocationCount", "unrollFactor", "strategy"];

    /// <summary>
    /// One job, marked as default as in the main job. No column of BenchmarkDotNet's own statistics: they would mix the points; each
    /// point has a column of its own.
    /// </summary>
    public static ManualConfig Create(
        RunSettings settings, SweepKind kind, bool inProcess, string artifactsDirectory, EventProcessor? progress, ILogger log)
    {
        var job = Job.Default
            .WithStrategy(RunStrategy.Monitoring)
            .WithLaunchCount(1)
            .WithWarmupCount(0)
            .WithIterationCount(kind.Iterations(settings.Sweeps!))
            .WithToolchain(MainJobConfig.Toolchain(inProcess))
            .AsDefault();
        var config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddLogger(log)
            .AddColumnProvider(DefaultColumnProviders.Descriptor, DefaultColumnProviders.Params, DefaultColumnProviders.Metrics)
            .AddDiagnoser(new SweepDiagnoser(settings))
            .AddExporter(JsonExporter.Full, MarkdownExporter.GitHub)
            .WithOrderer(new CaseOrderer(settings))
            .WithArtifactsPath(artifactsDirectory)
            .WithBuildTimeout(MainJobConfig.BuildTimeout)
            .WithOptions(ConfigOptions.DisableLogFile);
        return progress is null ? config : config.AddEventProcessor(progress);
    }
}
