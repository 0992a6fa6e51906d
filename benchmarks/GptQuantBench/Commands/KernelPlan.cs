using BenchmarkDotNet.EventProcessors;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Kernels;
using GptQuantBench.Configuration;
using GptQuantBench.Exporters;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Commands;

/// <summary>The kernel benchmarks of a run.</summary>
/// <param name="settings">The run.</param>
/// <param name="kept">Rows of an earlier run that need not be measured again.</param>
/// <param name="inProcess">Whether everything runs in this process.</param>
/// <param name="artifacts">Folder of the results.</param>
/// <param name="forwarded">BenchmarkDotNet's own arguments.</param>
internal sealed class KernelPlan(
    RunSettings settings, IReadOnlyList<KernelResult> kept, bool inProcess, string artifacts, string[] forwarded)
{
    /// <summary>The benchmarks that the filters leave.</summary>
    public IReadOnlyList<BenchmarkCase> Benchmarks => [.. Runs(progress: null, NullLogger.Instance).SelectMany(run => run.BenchmarksCases)];

    /// <summary>The probes and the kernels, where they have something to do.</summary>
    public IEnumerable<BenchmarkRunInfo> Runs(EventProcessor? progress, ILogger log)
    {
        if (settings.KernelBenchmarks is null)
        {
            return [];
        }

        var filter = new SimpleFilter(IsWanted);
        BenchmarkRunInfo[] runs =
        [
            BenchmarkDotNetOptions.Benchmarks(
                typeof(DeviceProbes), PointConfig.OfProbes(settings, inProcess, artifacts, progress, log).AddFilter(filter), forwarded),
            BenchmarkDotNetOptions.Benchmarks(
                typeof(MatrixKernels), PointConfig.OfKernels(settings, inProcess, artifacts, progress, log).AddFilter(filter), forwarded),
        ];
        return runs.Where(run => run.BenchmarksCases.Length > 0);
    }

    /// <summary>What will run and for how long, in one sentence.</summary>
    public string Announcement(IReadOnlyList<BenchmarkCase> benchmarks)
    {
        var kernels = settings.KernelBenchmarks!;
        return $"Kernels: {string.Join(", ", benchmarks.Select(benchmark => $"{benchmark.KernelName()} {benchmark.KernelFormat()}".TrimEnd()))}; "
            + $"{kernels.Shapes.Count} shapes, batches of {string.Join(", ", kernels.BatchSizes)}; "
            + $"estimated at {FigureFormat.Duration(KernelEstimate.Of(settings, benchmarks))} (--sweeps none leaves them out).";
    }

    private bool IsWanted(BenchmarkCase benchmark)
    {
        var (kernel, format) = (benchmark.KernelName(), benchmark.KernelFormat());
        var runsHere = format is null
            ? kernel != KernelResult.MultiplyAdd || settings.KernelBenchmarks!.HasArithmeticProbe
            : settings.KernelBenchmarks!.Points(kernel, format).Count > 0;
        return runsHere && !kept.Any(row => row.IsKernel(kernel, format));
    }
}
