using BenchmarkDotNet.Reports;
using GptQuantBench.Benchmarks;

namespace GptQuantBench.Diagnosers;

/// <summary>Load time, as a column of its own.</summary>
internal sealed class LoadTimeDiagnoser(RunSettings settings) : PhaseDiagnoser(settings)
{
    private static readonly MetricDescriptor _load = MetricDescriptor.Time(
        "LoadTime", "Load", "Median time from opening the model's files to a model that is ready for its first token");

    /// <inheritdoc />
    protected override IEnumerable<Metric> Measure(Phase phase, PhaseRecord record, PhaseTimes times)
    {
        if (phase == Phase.LoadModel && times.MedianSeconds is { } seconds)
        {
            yield return new Metric(_load, seconds * 1e9);
        }
    }
}
