using BenchmarkDotNet.Reports;
using GptQuantBench.Benchmarks;

namespace GptQuantBench.Diagnosers;

/// <summary>First-token latency, warm and cold.</summary>
internal sealed class FirstTokenLatencyDiagnoser(RunSettings settings) : PhaseDiagnoser(settings)
{
    private static readonly MetricDescriptor _warm = MetricDescriptor.Time(
        "FirstTokenLatency", "FTL", "Median time from the prompt as a string to its first new id, greedy, warm");

    private static readonly MetricDescriptor _cold = MetricDescriptor.Time(
        "FirstTokenLatencyCold", "FTL cold", "The same for the first call after load");

    /// <inheritdoc />
    protected override IEnumerable<Metric> Measure(Phase phase, PhaseRecord record, PhaseTimes times)
    {
        if (phase != Phase.FirstToken)
        {
            yield break;
        }

        if (times.MedianSeconds is { } seconds)
        {
            yield return new Metric(_warm, seconds * 1e9);
        }

        if (record.ColdFirstTokenMilliseconds is { } cold)
        {
            yield return new Metric(_cold, cold * 1e6);
        }
    }
}
