namespace GptQuantBench.Reporting.Records;

/// <summary>Memory in use as the driver sees it.</summary>
public sealed record DriverBytes
{
    /// <summary>Bytes in use.</summary>
    public long? Value { get; init; }

    /// <summary>What was asked and for whom, e.g. <c>NVML, process</c> or <c>cuMemGetInfo, device</c>.</summary>
    public string? Source { get; init; }
}
