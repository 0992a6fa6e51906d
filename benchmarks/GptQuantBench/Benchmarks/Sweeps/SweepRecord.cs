using GptQuantBench.Inference.Memory;

namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>What a benchmark process tells the host about its sweep beside the times, which BenchmarkDotNet takes.</summary>
public sealed record SweepRecord
{
    /// <summary>Name of the sweep.</summary>
    public required string Sweep { get; init; }

    /// <summary>Model of the case.</summary>
    public required string Model { get; init; }

    /// <summary>Format of the case.</summary>
    public required string Format { get; init; }

    /// <summary>Why no point could be measured, in one sentence; null where some could.</summary>
    public string? Error { get; init; }

    /// <summary>Why points failed, by their index; points that did not are absent.</summary>
    public IReadOnlyDictionary<int, string> PointErrors { get; init; } = new Dictionary<int, string>();

    /// <summary>Name of the device.</summary>
    public string? Device { get; init; }

    /// <summary>Decode path that ran.</summary>
    public string? Decode { get; init; }

    /// <summary>The allocator's bytes at each point, by its index; points that failed are absent.</summary>
    public IReadOnlyDictionary<int, MemoryUsage> PointUsages { get; init; } = new Dictionary<int, MemoryUsage>();

    /// <summary>Tokens of the prompt where the sweep uses the run's own.</summary>
    public int? PromptTokens { get; init; }

    /// <summary>Times between consecutive ids, milliseconds; token-time sweep only.</summary>
    public IReadOnlyList<double>? TokenMilliseconds { get; init; }
}
