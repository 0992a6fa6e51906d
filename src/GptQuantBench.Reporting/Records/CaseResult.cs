using System.Text.Json.Serialization;
using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Records;

/// <summary>
/// One case of the main job. The keys of the reference script come first and are always written; a figure that was not measured
/// is null, never 0. <c>docs/measurement.md</c> defines every figure.
/// </summary>
public sealed record CaseResult
{
    /// <summary>Name of the model, e.g. <c>gpt2-medium</c>, or of its folder.</summary>
    public required string ModelName { get; init; }

    /// <summary>What tables show for the format: <c>FP16</c>, <c>8-bit</c>, <c>4-bit</c>, else the format's complete name.</summary>
    public required string Quantization { get; init; }

    /// <summary>Median time from opening the model to ready for the first token, seconds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? LoadTimeSec { get; init; }

    /// <summary>All weight tables that stay resident after load, bytes / 1e9.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? MemoryGb { get; init; }

    /// <summary>Median time from the prompt as a string to the first new id on the host, greedy and warm, milliseconds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? FirstTokenLatencyMs { get; init; }

    /// <summary>New tokens / <see cref="TotalInferenceTimeSec"/>, tokens per second.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? ThroughputTokensPerSec { get; init; }

    /// <summary>Median time from the prompt as a string to the last new id on the host, sampled, seconds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? TotalInferenceTimeSec { get; init; }

    /// <summary>New tokens of the throughput run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? NumTokensGenerated { get; init; }

    /// <summary>False: the case failed, <see cref="Error"/> says why, and its figures are null.</summary>
    public required bool Success { get; init; }

    /// <summary>Why the case failed, one sentence; null where it did not.</summary>
    public string? Error { get; init; }

    /// <summary>Complete name of the format, e.g. <c>int4-g32-sym</c>.</summary>
    public string? Format { get; init; }

    /// <summary>What computed: <c>cuda</c> or <c>cpu</c>.</summary>
    public string? Backend { get; init; }

    /// <summary>The decode path that ran.</summary>
    public string? Decode { get; init; }

    /// <summary>The decode path that <c>auto</c> would take.</summary>
    public string? DefaultDecode { get; init; }

    /// <summary>Name of the device that computed.</summary>
    public string? Device { get; init; }

    /// <summary>Whether the weights were trained.</summary>
    public WeightKind? Weights { get; init; }

    /// <summary>SHA-256 of the weight files, 64 lower-case hexadecimal digits.</summary>
    public string? WeightsSha256 { get; init; }

    /// <summary>The prompt.</summary>
    public string? Prompt { get; init; }

    /// <summary>The prompt's token ids.</summary>
    public IReadOnlyList<int>? PromptIds { get; init; }

    /// <summary>Number of tokens of the prompt.</summary>
    public int? PromptTokens { get; init; }

    /// <summary>Sequences that decode together.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Seed of the sampling.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Divides the logits in the throughput run; 0 means greedy.</summary>
    public double? Temperature { get; init; }

    /// <summary>Nucleus of the throughput run, 0 &lt; p ≤ 1.</summary>
    public double? TopP { get; init; }

    /// <summary>Number of parameters, tied ones counted once.</summary>
    public long? NumParameters { get; init; }

    /// <summary>Bytes of the parameters as the format stores them, each counted once, without repacked or second copies.</summary>
    public long? ParameterBytes { get; init; }

    /// <summary>Mean bits per weight of the quantised matrices, scales and minima included.</summary>
    public double? BitsPerWeight { get; init; }

    /// <summary>Time to create the CUDA context, not in <see cref="LoadTimeSec"/>, seconds.</summary>
    public double? ContextTimeSec { get; init; }

    /// <summary>Time to turn PTX into machine code, not in <see cref="LoadTimeSec"/>, seconds.</summary>
    public double? JitTimeSec { get; init; }

    /// <summary>The first first-token latency after load, milliseconds.</summary>
    public double? FirstTokenLatencyColdMs { get; init; }

    /// <summary>How fast one first token is for a person who waits; follows from <see cref="FirstTokenLatencyMs"/>.</summary>
    public LatencyRating? LatencyRating => LatencyScale.Rate(FirstTokenLatencyMs);

    /// <summary>Time between two tokens, milliseconds.</summary>
    public InterTokenLatency? InterTokenLatencyMs { get; init; }

    /// <summary>Times of the first ten tokens, cold and warm, milliseconds.</summary>
    public FirstTokens? FirstTokensMs { get; init; }

    /// <summary>Bytes of the KV cache, sized for prompt + new tokens, rounded up to 64 positions.</summary>
    public long? KvCacheBytes { get; init; }

    /// <summary>Bytes of activations and scratch space, those of cuBLAS included.</summary>
    public long? WorkspaceBytes { get; init; }

    /// <summary>Largest number of bytes that the allocator held at one moment.</summary>
    public long? PeakBytes { get; init; }

    /// <summary>Resident set of the process; shown, not judged.</summary>
    public ResidentBytes? ResidentBytes { get; init; }

    /// <summary>What the driver says is in use.</summary>
    public DriverBytes? DriverBytes { get; init; }

    /// <summary>What the clean-up left behind.</summary>
    public LeakedBytes? LeakedBytes { get; init; }

    /// <summary>How near one token is to the time that memory bandwidth allows.</summary>
    public RooflineRecord? Roofline { get; init; }

    /// <summary>Energy and state of the device; null where nothing tells them.</summary>
    public EnergyRecord? Energy { get; init; }

    /// <summary>What the format costs in text; null with synthetic weights.</summary>
    public QualityRecord? Quality { get; init; }

    /// <summary>The new text of the throughput run.</summary>
    public string? GeneratedText { get; init; }

    /// <summary>The new ids of the throughput run.</summary>
    public IReadOnlyList<int>? GeneratedIds { get; init; }

    /// <summary>The raw samples behind the medians.</summary>
    public CaseSamples? Samples { get; init; }

    /// <summary>Spread of the raw samples; follows from <see cref="Samples"/>.</summary>
    public CaseSpread? Spread => CaseSpread.Of(Samples, NumTokensGenerated);
}
