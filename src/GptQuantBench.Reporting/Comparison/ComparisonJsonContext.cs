using System.Text.Json.Serialization;
using GptQuantBench.Reporting.Json;

namespace GptQuantBench.Reporting.Comparison;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    Converters = [typeof(FiniteNumberConverter), typeof(UtcTimeConverter), typeof(JsonStringEnumConverter<Verdict>)])]
[JsonSerializable(typeof(ReportComparison))]
internal sealed partial class ComparisonJsonContext : JsonSerializerContext;
