using System.Text.Json.Serialization;

namespace GptQuantBench.Reporting.Records;

/// <summary>Whether the weights of a case were trained.</summary>
public enum WeightKind
{
    /// <summary>A trained checkpoint: speed, memory and quality mean something.</summary>
    [JsonStringEnumMemberName("real")]
    Real,

    /// <summary>Seeded random weights of the exact shapes: speed and memory mean something, text and quality do not.</summary>
    [JsonStringEnumMemberName("synthetic")]
    Synthetic,
}
