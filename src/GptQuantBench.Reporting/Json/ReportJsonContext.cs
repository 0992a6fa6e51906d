using System.Text.Json.Serialization;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Json;

/// <summary>
/// How the records look as JSON: snake_case keys in the order of declaration; what is null is left out, save the reference
/// script's keys, which are always there.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    Converters =
    [
        typeof(FiniteNumberConverter),
        typeof(UtcTimeConverter),
        typeof(JsonStringEnumConverter<LatencyRating>),
        typeof(JsonStringEnumConverter<ToolchainKind>),
        typeof(JsonStringEnumConverter<WeightKind>),
    ])]
[JsonSerializable(typeof(RunReport))]
[JsonSerializable(typeof(EvaluationReport))]
internal sealed partial class ReportJsonContext : JsonSerializerContext;
