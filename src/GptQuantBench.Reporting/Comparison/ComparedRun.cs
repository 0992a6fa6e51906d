using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Comparison;

/// <summary>Which run a side of a comparison is.</summary>
public sealed record ComparedRun
{
    /// <summary>The report as the user named it; null where the report did not come from a file.</summary>
    public string? Report { get; init; }

    /// <summary>When the run began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Version of GptQuantBench.</summary>
    public string? ToolVersion { get; init; }

    /// <summary>Commit of the source that was built.</summary>
    public string? Commit { get; init; }

    /// <summary>Name of the device that computed the first case.</summary>
    public string? Device { get; init; }

    /// <summary>The run of a report.</summary>
    public static ComparedRun Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new ComparedRun
        {
            StartedAt = report.Metadata.StartedAt,
            ToolVersion = report.Metadata.ToolVersion,
            Commit = report.Metadata.Commit,
            Device = report.Metadata.Gpu ?? report.Results.Select(result => result.Device).FirstOrDefault(device => device is not null),
        };
    }
}
