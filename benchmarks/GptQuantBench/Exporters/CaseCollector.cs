using BenchmarkDotNet.EventProcessors;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Validators;
using GptQuantBench.Benchmarks;
using GptQuantBench.Configuration;
using GptQuantBench.Progress;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Exporters;

/// <summary>
/// Follows a run phase by phase. When the last phase of a case ends, its row is made and written to disk before the next case starts,
/// so a run that is killed loses at most the case that ran.
/// </summary>
internal sealed class CaseCollector : EventProcessor
{
    private readonly IRunProgress _progress;
    private readonly ReportWriter _writer;
    private readonly CaseBuilder _builder;
    private readonly CaseWatchdog _watchdog;
    private readonly List<IGrouping<(string Model, string Format), Phase>> _cases;
    private readonly Dictionary<Phase, BenchmarkReport> _reports = [];
    private readonly List<string> _validationErrors = [];
    private int _case;

    /// <param name="planned">All benchmarks, in the order in which they will run.</param>
    /// <param name="builder">Makes rows.</param>
    /// <param name="writer">Keeps the report on disk.</param>
    /// <param name="progress">The console.</param>
    /// <param name="watchdog">Ends cases that take too long.</param>
    public CaseCollector(
        IEnumerable<BenchmarkCase> planned, CaseBuilder builder, ReportWriter writer, IRunProgress progress, CaseWatchdog watchdog)
    {
        _watchdog = watchdog;
        _builder = builder;
        _writer = writer;
        _progress = progress;
        _cases = [.. planned.GroupBy(benchmark => (benchmark.ModelName(), benchmark.FormatName()), benchmark => benchmark.Phase())];
    }

    /// <summary>Errors for which BenchmarkDotNet refused to run at all.</summary>
    public IReadOnlyList<string> ValidationErrors => _validationErrors;

    /// <inheritdoc />
    public override void OnValidationError(ValidationError validationError)
    {
        if (validationError.IsCritical)
        {
            _validationErrors.Add(validationError.Message.ReplaceLineEndings(" "));
        }
    }

    /// <inheritdoc />
    public override void OnStartBuildStage(IReadOnlyList<BuildPartition> partitions) => _progress.Building();

    /// <inheritdoc />
    public override void OnStartRunStage() => _progress.Running();

    /// <inheritdoc />
    public override void OnStartRunBenchmark(BenchmarkCase benchmarkCase)
    {
        if (!benchmarkCase.IsMainJob())
        {
            return;
        }

        if (_reports.Count == 0)
        {
            _progress.CaseStarted(_case, benchmarkCase.ModelName(), benchmarkCase.FormatName());
        }

        _watchdog.PhaseStarted(benchmarkCase.ModelName(), benchmarkCase.FormatName(), benchmarkCase.Phase());
    }

    /// <inheritdoc />
    public override void OnEndRunBenchmark(BenchmarkCase benchmarkCase, BenchmarkReport report)
    {
        if (_writer.IsClosed || !benchmarkCase.IsMainJob())
        {
            return;
        }

        _watchdog.PhaseEnded();
        _reports[benchmarkCase.Phase()] = report;
        var ((model, format), phases) = (_cases[_case].Key, _cases[_case]);
        var row = _builder.Build(model, format, _reports);
        _progress.PhaseEnded(benchmarkCase.Phase(), row);
        if (benchmarkCase.Phase() != phases.Last())
        {
            return;
        }

        _watchdog.CaseEnded();
        _writer.Add(row);
        _progress.CaseEnded(_case, row);
        _reports.Clear();
        _case++;
    }

    /// <summary>Writes a failed row for each case that BenchmarkDotNet never came to, so that the report has every case; what a case's own records say comes first.</summary>
    public void FailTheRest(string reason)
    {
        for (; _case < _cases.Count; _case++)
        {
            var (model, format) = _cases[_case].Key;
            var row = _builder.Build(model, format, new Dictionary<Phase, BenchmarkReport>());
            row = row.Success ? CaseFailure.Of(row, reason) : row;
            _progress.CaseStarted(_case, model, format);
            _writer.Add(row);
            _progress.CaseEnded(_case, row);
        }
    }
}
