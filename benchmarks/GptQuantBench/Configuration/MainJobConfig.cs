using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.EventProcessors;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Csv;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Toolchains;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using GptQuantBench.Benchmarks;
using GptQuantBench.Diagnosers;

namespace GptQuantBench.Configuration;

/// <summary>The one place where BenchmarkDotNet is configured.</summary>
internal static class MainJobConfig
{
    /// <summary>Longer than any case; BenchmarkDotNet's own limit for a case in process is five minutes.</summary>
    private static readonly TimeSpan _inProcessTimeout = TimeSpan.FromHours(6);

    /// <summary>Much longer than the build of one file takes on a busy two-core machine.</summary>
    public static TimeSpan BuildTimeout { get; } = TimeSpan.FromMinutes(15);

    /// <summary>Runs benchmarks in this process, or each in one of its own.</summary>
    public static IToolchain Toolchain(bool inProcess) =>
        inProcess ? new InProcessEmitToolchain(_inProcessTimeout, logOutput: true) : BenchmarkProcesses.Toolchain;

    /// <summary>
    /// One job, marked as default: command-line options then change it; beside a job that is not the default, they would add a second.
    /// No console logger: the console belongs to our progress, BenchmarkDotNet's own words go to <paramref name="log"/>.
    /// </summary>
    public static ManualConfig Create(
        RunSettings settings, Iterations iterations, bool inProcess, string artifactsDirectory, EventProcessor? progress, ILogger log) =>
        Common(iterations, inProcess, artifactsDirectory, progress, log)
            .AddDiagnoser(
                new LoadTimeDiagnoser(settings),
                new ModelMemoryDiagnoser(settings),
                new FirstTokenLatencyDiagnoser(settings),
                new ThroughputDiagnoser(settings))
            .WithOrderer(new CaseOrderer(settings));

    /// <summary>The same for <see cref="DecodeSweep"/>, which has other parameters.</summary>
    public static ManualConfig CreateSweep(Iterations iterations, bool inProcess, string artifactsDirectory, EventProcessor? progress, ILogger log) =>
        Common(iterations, inProcess, artifactsDirectory, progress, log);

    private static ManualConfig Common(Iterations iterations, bool inProcess, string artifactsDirectory, EventProcessor? progress, ILogger log)
    {
        var job = Job.Default
            .WithStrategy(RunStrategy.Monitoring)
            .WithLaunchCount(1)
            .WithWarmupCount(iterations.WarmUp)
            .WithIterationCount(iterations.Measured)
            .WithToolchain(Toolchain(inProcess))
            .WithGcForce(false) // a collection right before a call would leave it cold caches: calls are measured warm
            .AsDefault();
        var config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddLogger(log)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddExporter(JsonExporter.Full, MarkdownExporter.GitHub, new CsvExporter(CsvSeparator.Comma))
            .WithArtifactsPath(artifactsDirectory)
            .WithBuildTimeout(BuildTimeout)
            .WithOptions(ConfigOptions.DisableLogFile);
        return progress is null ? config : config.AddEventProcessor(progress);
    }
}
