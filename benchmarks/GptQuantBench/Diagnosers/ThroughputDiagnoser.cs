using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using GptQuantBench.Benchmarks;

namespace GptQuantBench.Diagnosers;

/// <summary>Tokens per second over the whole of a generation.</summary>
internal sealed class ThroughputDiagnoser(RunSettings settings) : PhaseDiagnoser(settings)
{
    private static readonly MetricDescriptor _throughput = new(
        "Throughput", "Tok/s", "Generated tokens / median total time, prompt included", UnitType.Dimensionless, "tok/s", "0.0", TheGreaterTheBetter: true);

    /// <inheritdoc />
    protected override IEnumerable<Metric> Measure(Phase phase, PhaseRecord record, PhaseTimes times)
    {
        if (phase == Phase.Generate50 && record.Generated is { } generated && times.MedianSeconds is { } seconds)
        {
            yield return new Metric(_throughput, generated.Ids.Count / seconds);
        }
    }
}
