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
using GptQuantBench.Exporters;
using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Diagnosers;

/// <summary>A column for each shape: the median time of one product with one vector; larger batches are in the report alone.</summary>
internal sealed class KernelDiagnoser(RunSettings settings) : IDiagnoser
{
    private readonly KernelBuilder _builder = new(settings);

    /// <inheritdoc />
    public IEnumerable<string> Ids => [nameof(KernelDiagnoser)];

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
    public IEnumerable<Metric> ProcessResults(DiagnoserResults results) =>
        from row in _builder.Build(results.BenchmarkCase.KernelName(), results.BenchmarkCase.KernelFormat(), results.Measurements, reason: "")
        where row is { BatchSize: 1, TimeUs: not null }
        let shape = KernelFigures.Shape(row)
        select new Metric(MetricDescriptor.Time($"kernel:{shape}", shape, $"Median time of a product of one vector with a matrix of {shape}"), row.TimeUs!.Value * 1e3);

    /// <inheritdoc />
    public void DisplayResults(ILogger logger)
    {
    }

    /// <inheritdoc />
    public IEnumerable<ValidationError> Validate(ValidationParameters validationParameters) => [];
}
