using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks.Sweeps;
using GptQuantBench.Configuration;
using GptQuantBench.Progress;

namespace GptQuantBench.Exporters;

/// <summary>Follows the sweeps of a run.</summary>
/// <param name="planned">All benchmarks of sweeps, in the order in which they will run.</param>
/// <param name="builder">Makes rows.</param>
/// <param name="writer">Keeps the report on disk.</param>
/// <param name="progress">The console.</param>
internal sealed class SweepCollector(IEnumerable<BenchmarkCase> planned, SweepBuilder builder, ReportWriter writer, SweepProgress progress)
    : RowCollector(planned, writer)
{
    /// <inheritdoc />
    protected override void Show(int index, int count, BenchmarkCase benchmark) =>
        progress.Started(index, count, SweepKind.Of(benchmark.Descriptor.Type).Title, benchmark.ModelName(), benchmark.FormatName());

    /// <inheritdoc />
    protected override void Finish(BenchmarkCase benchmark, BenchmarkReport? report, string reason)
    {
        var rows = builder.Build(SweepKind.Of(benchmark.Descriptor.Type), benchmark.ModelName(), benchmark.FormatName(), report, reason);
        Writer.AddSweeps(rows);
        progress.Ended(rows);
    }
}
