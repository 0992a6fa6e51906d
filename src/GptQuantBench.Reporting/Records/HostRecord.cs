namespace GptQuantBench.Reporting.Records;

/// <summary>The computer that ran the benchmark.</summary>
public sealed record HostRecord
{
    /// <summary>Operating system and its version.</summary>
    public string? Os { get; init; }

    /// <summary>Name of the CPU.</summary>
    public string? Cpu { get; init; }

    /// <summary>Logical cores that the process may use.</summary>
    public int? Cores { get; init; }

    /// <summary>Main memory, bytes / 1e9.</summary>
    public double? RamGb { get; init; }

    /// <summary>The .NET runtime, e.g. <c>.NET 10.0.1</c>.</summary>
    public string? Runtime { get; init; }
}
