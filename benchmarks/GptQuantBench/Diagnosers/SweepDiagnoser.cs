using BenchmarkDotNet.Analysers;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Validators;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Sweeps;
using GptQuantBench.Configuration;
using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Diagnosers;

/// <summary>A column for each point of a sweep: the median of its calls.</summary>
internal sealed class SweepDiagnoser(RunSettings settings) : IDiagnoser
{
    /// <inheritdoc />
    public IEnumerable<string> Ids => [nameof(SweepDiagnoser)];

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
        var kind = SweepKind.Of(results.BenchmarkCase.Descriptor.Type);
        var points = kind.Points(settings.Sweeps!, results.BenchmarkCase.ModelName());
        var times = new PhaseTimes(results.Measurements);
        for (var point = 0; point < points.Count; point++)
        {
            var samples = times.SecondsOfPoint(point, kind.RepeatsOf(settings.Sweeps!), kind.Iterations(settings.Sweeps!));
            if (SampleStatistics.Median(SampleStatistics.Flatten(samples)) is { } seconds)
            {
                yield return new Metric(Descriptor(kind, points[point]), seconds * 1e9);
            }
        }
    }

    /// <inheritdoc />
    public void DisplayResults(ILogger logger)
    {
    }

    /// <inheritdoc />
    public IEnumerable<ValidationError> Validate(ValidationParameters validationParameters) => [];

    private static MetricDescriptor Descriptor(SweepKind kind, SweepPoint point)
    {
        var name = point switch
        {
            { PromptTokens: { } length } => $"{length} tokens",
            { DepthTokens: { } depth } => $"at {depth}",
            { BatchSize: { } size } => $"batch {size}",
            _ => "Sequence",
        };
        return MetricDescriptor.Time($"{kind.Name}:{name}", name, $"Median time of a call of the sweep over {kind.Title}: {name}");
    }
}
