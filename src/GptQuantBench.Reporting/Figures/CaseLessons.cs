using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Figures;

/// <summary>
/// What a case's figures mean for work that people do. A lesson with a missing input is null, and <see cref="Missing"/> says why.
/// </summary>
public sealed record CaseLessons
{
    /// <summary>Tokens of a chat answer.</summary>
    public const int ChatTokens = 200;

    /// <summary>Texts of the batch work.</summary>
    public const int BatchTexts = 1000;

    /// <summary>Tokens of each text of the batch work.</summary>
    public const int BatchTokens = 500;

    /// <summary>The case.</summary>
    public required CaseResult Case { get; init; }

    /// <summary>First token + 199 × mean inter-token latency, seconds.</summary>
    public double? ChatAnswerSec { get; init; }

    /// <summary>1000 × (first token + 499 × mean inter-token latency), one text after the other, hours.</summary>
    public double? BatchWorkHours { get; init; }

    /// <summary>How many times weights + KV cache + workspace fit into the device's memory.</summary>
    public long? ModelsThatFit { get; init; }

    /// <summary>Cold / warm first-token latency.</summary>
    public double? ColdOverWarm { get; init; }

    /// <summary>Per lesson that could not be drawn, the JSON keys that it lacks.</summary>
    public IReadOnlyList<MissingInput> Missing { get; init; } = [];

    /// <summary>The lessons of a case.</summary>
    /// <param name="result">A case that succeeded.</param>
    /// <param name="metadata">Where it ran.</param>
    public static CaseLessons Of(CaseResult result, RunMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(metadata);
        double? firstSec = Ratio.Finite(result.FirstTokenLatencyMs / 1e3);
        double? nextSec = InterToken.MeanMs(result) / 1e3;
        double? deviceGb = DeviceMemoryGb(result, metadata);
        double? usedGb = result.MemoryGb + (result.KvCacheBytes + result.WorkspaceBytes) / 1e9;
        return new CaseLessons
        {
            Case = result,
            ChatAnswerSec = firstSec + (ChatTokens - 1) * nextSec,
            BatchWorkHours = BatchTexts * (firstSec + (BatchTokens - 1) * nextSec) / 3600,
            ModelsThatFit = Ratio.Of(deviceGb, usedGb) is { } fit and >= 0 and < long.MaxValue ? (long)fit : null,
            ColdOverWarm = Ratio.Of(result.FirstTokenLatencyColdMs, result.FirstTokenLatencyMs),
            Missing =
            [
                .. MissingInput.Among("Chat and batch", ("first_token_latency_ms", firstSec), ("inter_token_latency_ms", nextSec)),
                .. MissingInput.Among(
                    "Models that fit",
                    ("memory_gb", result.MemoryGb),
                    ("kv_cache_bytes", result.KvCacheBytes),
                    ("workspace_bytes", result.WorkspaceBytes),
                    (IsOnCpu(result) ? "host.ram_gb" : "total_vram_gb", deviceGb)),
            ],
        };
    }

    private static double? DeviceMemoryGb(CaseResult result, RunMetadata metadata) =>
        IsOnCpu(result) ? metadata.Host?.RamGb : metadata.TotalVramGb;

    private static bool IsOnCpu(CaseResult result) => result.Backend == "cpu";
}
