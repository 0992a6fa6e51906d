using BenchmarkDotNet.Analysers;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Validators;
using GptQuantBench.Benchmarks;
using GptQuantBench.Configuration;

namespace GptQuantBench.Diagnosers;

/// <summary>
/// A diagnoser over the times that BenchmarkDotNet took and the record that the benchmark process left. It adds nothing to the
/// measured process, so it shares the timed run.
/// </summary>
internal abstract class PhaseDiagnoser(RunSettings settings) : IDiagnoser
{
    private readonly PhaseRecordStore _records = new(settings.RecordDirectory);

    /// <inheritdoc />
    public IEnumerable<string> Ids => [GetType().Name];

    /// <inheritdoc />
    public IEnumerable<IExporter> Exporters => [];

    /// <inheritdoc />
    public IEnumerable<IAnalyser> Analysers => [];

    /// <inheritdoc />
    public BenchmarkDotNet.Diagnosers.RunMode GetRunMode(BenchmarkCase benchmarkCase) => BenchmarkDotNet.Diagnosers.RunMode.NoOverhead;

    /// <inheritdoc />
    public void Handle(HostSignal signal, DiagnoserActionParameters parameters)
    {
    }

    /// <inheritdoc />
    public IEnumerable<Metric> ProcessResults(DiagnoserResults results)
    {
        var benchmark = results.BenchmarkCase;
        return _records.Read(benchmark.ModelName(), benchmark.FormatName(), benchmark.Phase()) is [.., var record]
            ? [.. Measure(benchmark.Phase(), record, new PhaseTimes(results.Measurements))]
            : [];
    }

    /// <inheritdoc />
    public void DisplayResults(ILogger logger)
    {
    }

    /// <inheritdoc />
    public IEnumerable<ValidationError> Validate(ValidationParameters validationParameters) => [];

    /// <summary>The metrics of a phase; none where the phase does not have them.</summary>
    protected abstract IEnumerable<Metric> Measure(Phase phase, PhaseRecord record, PhaseTimes times);
}
