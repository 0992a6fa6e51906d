using BenchmarkDotNet.EventProcessors;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks.Sweeps;
using GptQuantBench.Configuration;
using GptQuantBench.Progress;

namespace GptQuantBench.Exporters;

/// <summary>Follows the sweeps of a run: when the benchmark of one case ends, the rows of its points are made and written to disk.</summary>
internal sealed class SweepCollector : EventProcessor
{
    private readonly SweepBuilder _builder;
    private readonly ReportWriter _writer;
    private readonly SweepProgress _progress;
    private readonly Queue<(SweepKind Kind, string Model, string Format)> _left;
    private readonly int _count;

    /// <param name="planned">All benchmarks of sweeps, in the order in which they will run.</param>
    /// <param name="builder">Makes rows.</param>
    /// <param name="writer">Keeps the report on disk.</param>
    /// <param name="progress">The console.</param>
    public SweepCollector(IEnumerable<BenchmarkCase> planned, SweepBuilder builder, ReportWriter writer, SweepProgress progress)
    {
        _builder = builder;
        _writer = writer;
        _progress = progress;
        _left = new(planned.Select(benchmark => (SweepKind.Of(benchmark.Descriptor.Type), benchmark.ModelName(), benchmark.FormatName())));
        _count = _left.Count;
    }

    /// <inheritdoc />
    public override void OnStartRunBenchmark(BenchmarkCase benchmarkCase)
    {
        if (SweepKind.Has(benchmarkCase.Descriptor.Type) && !_writer.IsClosed)
        {
            ShowNext();
        }
    }

    /// <inheritdoc />
    public override void OnEndRunBenchmark(BenchmarkCase benchmarkCase, BenchmarkReport report)
    {
        if (SweepKind.Has(benchmarkCase.Descriptor.Type) && !_writer.IsClosed)
        {
            var exitCode = report.ExecuteResults is [.., var last] ? $"exit code {last.ExitCode}" : "never started";
            Finish(report, $"The sweep ended without a result ({exitCode}); the log file in the artifacts folder has its last words.");
        }
    }

    /// <summary>Writes failed rows for every point that BenchmarkDotNet never came to.</summary>
    public void FailTheRest(string reason)
    {
        while (_left.Count > 0)
        {
            ShowNext();
            Finish(report: null, reason);
        }
    }

    private void ShowNext()
    {
        var (kind, model, format) = _left.Peek();
        _progress.Started(_count - _left.Count, _count, kind.Title, model, format);
    }

    private void Finish(BenchmarkReport? report, string reason)
    {
        var (kind, model, format) = _left.Dequeue();
        var rows = _builder.Build(kind, model, format, report, reason);
        _writer.AddSweeps(rows);
        _progress.Ended(rows);
    }
}
