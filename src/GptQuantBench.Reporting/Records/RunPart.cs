namespace GptQuantBench.Reporting.Records;

/// <summary>One of the reports that a merged report was made of.</summary>
public sealed record RunPart
{
    /// <summary>Name of the file.</summary>
    public string? File { get; init; }

    /// <summary>Where, when and how the part was made.</summary>
    public RunMetadata Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>Which rows of the merged report's <see cref="RunReport.Results"/> the part measured, by index from 0.</summary>
    public IReadOnlyList<int> Results { get; init => field = value ?? []; } = [];
}
