using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Records;

/// <summary>One point of a sweep: a case with one thing changed. A figure that was not measured is null.</summary>
public sealed record SweepResult
{
    /// <summary>First-token latency by the length of the prompt.</summary>
    public const string PromptLength = "prompt_length";

    /// <summary>Decode speed by the positions that the KV cache holds already.</summary>
    public const string Depth = "depth";

    /// <summary>Times of single tokens over many sequences.</summary>
    public const string TokenTimes = "token_times";

    /// <summary>Sequences that decode together.</summary>
    public const string BatchSizes = "batch_size";

    /// <summary>The same work on other decode paths.</summary>
    public const string DecodePaths = "decode";

    /// <summary>What is swept: one of the names above.</summary>
    public required string Sweep { get; init; }

    /// <summary>Name of the model.</summary>
    public required string ModelName { get; init; }

    /// <summary>What tables show for the format.</summary>
    public required string Quantization { get; init; }

    /// <summary>False: the point failed and <see cref="Error"/> says why.</summary>
    public required bool Success { get; init; }

    /// <summary>Why the point failed, one sentence; null where it did not.</summary>
    public string? Error { get; init; }

    /// <summary>Complete name of the format.</summary>
    public string? Format { get; init; }

    /// <summary>What computed: <c>cuda</c> or <c>cpu</c>.</summary>
    public string? Backend { get; init; }

    /// <summary>The decode path that ran.</summary>
    public string? Decode { get; init; }

    /// <summary>Name of the device that computed.</summary>
    public string? Device { get; init; }

    /// <summary>SHA-256 of the weight files, 64 lower-case hexadecimal digits.</summary>
    public string? WeightsSha256 { get; init; }

    /// <summary>Number of tokens of the prompt.</summary>
    public int? PromptTokens { get; init; }

    /// <summary>Positions in the KV cache before the first measured decode step.</summary>
    public int? DepthTokens { get; init; }

    /// <summary>Sequences that decode together.</summary>
    public int? BatchSize { get; init; }

    /// <summary>New tokens of each sequence.</summary>
    public int? NumTokensGenerated { get; init; }

    /// <summary>Median warm first-token latency, milliseconds.</summary>
    public double? FirstTokenLatencyMs { get; init; }

    /// <summary>Prompt tokens per second of the prefill.</summary>
    public double? PrefillTokensPerSec { get; init; }

    /// <summary>New tokens per second, all sequences together.</summary>
    public double? ThroughputTokensPerSec { get; init; }

    /// <summary>New tokens per second of each sequence where several decode together; follows from <see cref="ThroughputTokensPerSec"/>.</summary>
    public double? ThroughputPerSequenceTokensPerSec => Sweep == BatchSizes ? Ratio.Of(ThroughputTokensPerSec, BatchSize) : null;

    /// <summary>Time between two tokens, milliseconds.</summary>
    public InterTokenLatency? InterTokenLatencyMs { get; init; }

    /// <summary>All weight tables that stay resident after load, bytes / 1e9.</summary>
    public double? MemoryGb { get; init; }

    /// <summary>Bytes of the KV caches of all sequences.</summary>
    public long? KvCacheBytes { get; init; }

    /// <summary>Bytes of activations and scratch space.</summary>
    public long? WorkspaceBytes { get; init; }

    /// <summary>The raw samples behind the medians.</summary>
    public CaseSamples? Samples { get; init; }

    /// <summary>Spread of the raw samples; follows from <see cref="Samples"/>.</summary>
    public CaseSpread? Spread => CaseSpread.Of(Samples, NumTokensGenerated * (BatchSize ?? 1));
}
