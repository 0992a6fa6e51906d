namespace GptQuantBench.Reporting.Records;

/// <summary>Everything that one run measured: the content of <c>llm_benchmark_results.json</c>.</summary>
public sealed record RunReport
{
    /// <summary>The version this code writes. Files of another major version are refused.</summary>
    public const string CurrentSchemaVersion = "1.0";

    /// <summary>Version of the file's layout, <c>major.minor</c>; null for a file of the reference script, which has none.</summary>
    public string? SchemaVersion { get; init; } = CurrentSchemaVersion;

    /// <summary>Where, when and how the run was made.</summary>
    public RunMetadata Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>The reports that this one was merged of; absent for a report that a run wrote.</summary>
    public IReadOnlyList<RunPart>? Parts { get; init; }

    /// <summary>The cases of the main job, failed ones too, in the order in which they ran; never a point of a sweep.</summary>
    public IReadOnlyList<CaseResult> Results { get; init => field = value ?? []; } = [];

    /// <summary>Points of the sweeps: prompt lengths, batch sizes, decode paths.</summary>
    public IReadOnlyList<SweepResult> Sweeps { get; init => field = value ?? []; } = [];

    /// <summary>Single kernels.</summary>
    public IReadOnlyList<KernelResult> Kernels { get; init => field = value ?? []; } = [];
}
