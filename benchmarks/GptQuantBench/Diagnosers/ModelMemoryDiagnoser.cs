using BenchmarkDotNet.Reports;
using GptQuantBench.Benchmarks;

namespace GptQuantBench.Diagnosers;

/// <summary>What the backend's own allocator holds while the model is loaded, and the resident set.</summary>
internal sealed class ModelMemoryDiagnoser(RunSettings settings) : PhaseDiagnoser(settings)
{
    private static readonly MetricDescriptor _weights = MetricDescriptor.Bytes("WeightMemory", "Weights", "Bytes of weight tables that stay resident");
    private static readonly MetricDescriptor _cache = MetricDescriptor.Bytes("CacheMemory", "KV cache", "Bytes of keys and values");
    private static readonly MetricDescriptor _workspace = MetricDescriptor.Bytes("WorkspaceMemory", "Workspace", "Bytes of activations and scratch space");
    private static readonly MetricDescriptor _peak = MetricDescriptor.Bytes("PeakMemory", "Peak", "Most bytes held at one moment, load included");
    private static readonly MetricDescriptor _resident = MetricDescriptor.Bytes("ResidentSet", "Resident", "Resident set of the process with the model loaded");

    /// <inheritdoc />
    protected override IEnumerable<Metric> Measure(Phase phase, PhaseRecord record, PhaseTimes times) =>
        record.Cleanup is not { } cleanup
            ? []
            :
            [
                new Metric(_weights, cleanup.Usage.WeightBytes),
                new Metric(_cache, cleanup.Usage.KeyValueCacheBytes),
                new Metric(_workspace, cleanup.Usage.WorkspaceBytes),
                new Metric(_peak, cleanup.Usage.PeakBytes),
                new Metric(_resident, cleanup.ResidentLoaded),
            ];
}
