using System.Text.Json.Serialization;

namespace GptQuantBench.Reporting.Records;

/// <summary>Where, when and how a run was made. What is not known is null.</summary>
public sealed record RunMetadata
{
    /// <summary>Name of the GPU; null on a machine without one. A key of the reference script.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Gpu { get; init; }

    /// <summary>Highest CUDA version that the driver supports, e.g. <c>13.0</c>. A key of the reference script.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? CudaVersion { get; init; }

    /// <summary>A key of the reference script; always null here, because no PyTorch runs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? PytorchVersion { get; init; }

    /// <summary>Memory of the GPU, bytes / 1e9. A key of the reference script.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? TotalVramGb { get; init; }

    /// <summary>Version of GptQuantBench.</summary>
    public string? ToolVersion { get; init; }

    /// <summary>Commit of the source that was built.</summary>
    public string? Commit { get; init; }

    /// <summary>When the run began; written in UTC.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the run ended; null while it runs and after it was killed.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The command as typed.</summary>
    public string? CommandLine { get; init; }

    /// <summary>The computer.</summary>
    public HostRecord? Host { get; init; }

    /// <summary>Version of the GPU driver.</summary>
    public string? Driver { get; init; }

    /// <summary>Clocks of the GPU at the start of the run.</summary>
    public ClockRecord? Clocks { get; init; }

    /// <summary>Whether each case had a process of its own.</summary>
    public ToolchainKind? Toolchain { get; init; }

    /// <summary>True for a run by <c>--smoke</c>, whose figures are no measurement; else absent.</summary>
    public bool? Smoke { get; init; }

    /// <summary>Read bandwidth of the device's memory that the run's own probe measured, 1e9 bytes per second.</summary>
    public double? ReadBandwidthGbPerSec { get; init; }

    /// <summary>Size of the buffer that the bandwidth probe read, bytes.</summary>
    public long? ReadBandwidthBufferBytes { get; init; }

    /// <summary>What a reader of the figures should know, one sentence each.</summary>
    public IReadOnlyList<string> Notices { get; init => field = value ?? []; } = [];
}
