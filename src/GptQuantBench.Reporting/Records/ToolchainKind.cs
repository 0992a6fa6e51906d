using System.Text.Json.Serialization;

namespace GptQuantBench.Reporting.Records;

/// <summary>Where a case runs.</summary>
public enum ToolchainKind
{
    /// <summary>In a fresh process of its own.</summary>
    [JsonStringEnumMemberName("out-of-process")]
    OutOfProcess,

    /// <summary>In the program's own process, after the cases before it.</summary>
    [JsonStringEnumMemberName("in-process")]
    InProcess,
}
