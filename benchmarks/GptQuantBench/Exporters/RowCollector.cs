using BenchmarkDotNet.EventProcessors;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace GptQuantBench.Exporters;

/// <summary>Follows benchmarks beside the main job: when one ends, its rows are made and written to disk.</summary>
internal abstract class RowCollector : EventProcessor
{
    private readonly List<BenchmarkCase> _left;
    private readonly int _count;

    /// <param name="planned">All of these benchmarks, in the order in which they will run.</param>
    /// <param name="writer">Keeps the report on disk.</param>
    protected RowCollector(IEnumerable<BenchmarkCase> planned, ReportWriter writer)
    {
        _left = [.. planned];
        _count = _left.Count;
        Writer = writer;
    }

    /// <summary>Keeps the report on disk.</summary>
    protected ReportWriter Writer { get; }

    /// <inheritdoc />
    public override void OnStartRunBenchmark(BenchmarkCase benchmarkCase)
    {
        if (Find(benchmarkCase) is { } own && !Writer.IsClosed)
        {
            Show(_count - _left.Count, _count, own);
        }
    }

    /// <inheritdoc />
    public override void OnEndRunBenchmark(BenchmarkCase benchmarkCase, BenchmarkReport report)
    {
        if (Find(benchmarkCase) is { } own && !Writer.IsClosed)
        {
            _left.Remove(own);
            var exitCode = report.ExecuteResults is [.., var last] ? $"exit code {last.ExitCode}" : "never started";
            Finish(own, report, $"The benchmark ended without a result ({exitCode}); the log file in the artifacts folder has its last words.");
        }
    }

    /// <summary>Writes failed rows for everything that BenchmarkDotNet never came to.</summary>
    public void FailTheRest(string reason)
    {
        while (_left is [var next, ..])
        {
            Show(_count - _left.Count, _count, next);
            _left.RemoveAt(0);
            Finish(next, report: null, reason);
        }
    }

    /// <summary>Says that a benchmark starts.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="count">Of these benchmarks.</param>
    /// <param name="benchmark">Which.</param>
    protected abstract void Show(int index, int count, BenchmarkCase benchmark);

    /// <summary>Makes the rows of a benchmark, keeps them and shows them.</summary>
    /// <param name="benchmark">Which.</param>
    /// <param name="report">BenchmarkDotNet's report; null where the benchmark never ran.</param>
    /// <param name="reason">Why rows without times failed, where nothing better is known.</param>
    protected abstract void Finish(BenchmarkCase benchmark, BenchmarkReport? report, string reason);

    /// <summary>The planned benchmark that runs now: BenchmarkDotNet makes its cases anew for every run.</summary>
    private BenchmarkCase? Find(BenchmarkCase running) => _left.Find(planned =>
        planned.Descriptor.Type == running.Descriptor.Type
        && planned.Descriptor.WorkloadMethod.Name == running.Descriptor.WorkloadMethod.Name
        && planned.Parameters.DisplayInfo == running.Parameters.DisplayInfo);
}
