using System.Text.Json.Serialization;

namespace GptQuantBench.Reporting.Figures;

/// <summary>The reading aid for a first-token latency; <see cref="LatencyScale"/> holds the limits.</summary>
public enum LatencyRating
{
    [JsonStringEnumMemberName("very good")]
    VeryGood,

    [JsonStringEnumMemberName("good")]
    Good,

    [JsonStringEnumMemberName("OK")]
    Ok,

    [JsonStringEnumMemberName("moderate")]
    Moderate,

    [JsonStringEnumMemberName("slow")]
    Slow,
}
