using System.Globalization;
using System.Text;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Export;

/// <summary>Comma-separated values by RFC 4180: a header, a row per case, failed ones too, lines end in CRLF; what is not known is empty.</summary>
internal static class CsvExport
{
    private static readonly (string Key, Func<CaseResult, RunMetadata, object?> Value)[] _columns =
    [
        ("model_name", (result, _) => result.ModelName),
        ("quantization", (result, _) => result.Quantization),
        ("format", (result, _) => result.Format),
        ("backend", (result, _) => result.Backend),
        ("decode", (result, _) => result.Decode),
        ("device", (result, _) => result.Device),
        ("weights", (result, _) => result.Weights switch { WeightKind.Real => "real", WeightKind.Synthetic => "synthetic", _ => null }),
        ("success", (result, _) => result.Success ? "true" : "false"),
        ("error", (result, _) => result.Error),
        ("load_time_sec", (result, _) => result.LoadTimeSec),
        ("memory_gb", (result, _) => result.MemoryGb),
        ("first_token_latency_ms", (result, _) => result.FirstTokenLatencyMs),
        ("first_token_latency_cold_ms", (result, _) => result.FirstTokenLatencyColdMs),
        ("total_inference_time_sec", (result, _) => result.TotalInferenceTimeSec),
        ("throughput_tokens_per_sec", (result, _) => result.ThroughputTokensPerSec),
        ("num_tokens_generated", (result, _) => result.NumTokensGenerated),
        ("prompt_tokens", (result, _) => result.PromptTokens),
        ("batch_size", (result, _) => result.BatchSize),
        ("bits_per_weight", (result, _) => result.BitsPerWeight),
        ("perplexity", (result, _) => result.Quality?.Perplexity),
        ("started_at", (_, metadata) => metadata.StartedAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
        ("commit", (_, metadata) => metadata.Commit),
        ("driver", (_, metadata) => metadata.Driver),
    ];

    /// <summary>The text.</summary>
    public static string Of(RunReport report)
    {
        var text = new StringBuilder();
        AppendLine(text, _columns.Select(column => column.Key));
        foreach (CaseResult result in report.Results)
        {
            AppendLine(text, _columns.Select(column => Convert.ToString(column.Value(result, report.Metadata), CultureInfo.InvariantCulture) ?? ""));
        }

        return text.ToString();
    }

    private static void AppendLine(StringBuilder text, IEnumerable<string> fields) => text.AppendJoin(',', fields.Select(Quoted)).Append("\r\n");

    private static string Quoted(string field) =>
        field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}
