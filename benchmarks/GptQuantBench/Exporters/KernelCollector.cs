using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using GptQuantBench.Configuration;
using GptQuantBench.Progress;

namespace GptQuantBench.Exporters;

/// <summary>Follows the kernel benchmarks of a run.</summary>
/// <param name="planned">All of them, in the order in which they will run.</param>
/// <param name="builder">Makes rows.</param>
/// <param name="writer">Keeps the report on disk.</param>
/// <param name="progress">The console.</param>
internal sealed class KernelCollector(IEnumerable<BenchmarkCase> planned, KernelBuilder builder, ReportWriter writer, KernelProgress progress)
    : RowCollector(planned, writer)
{
    /// <inheritdoc />
    protected override void Show(int index, int count, BenchmarkCase benchmark) =>
        progress.Started(index, count, benchmark.KernelName(), benchmark.KernelFormat());

    /// <inheritdoc />
    protected override void Finish(BenchmarkCase benchmark, BenchmarkReport? report, string reason)
    {
        var rows = builder.Build(benchmark.KernelName(), benchmark.KernelFormat(), report?.AllMeasurements ?? [], reason);
        Writer.AddKernels(rows);
        progress.Ended(rows);
    }
}
