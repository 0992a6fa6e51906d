namespace GptQuantBench.Reporting.Records;

/// <summary>Resident set of the process that ran a case, bytes.</summary>
public sealed record ResidentBytes
{
    /// <summary>Before the model was loaded.</summary>
    public long? BeforeLoad { get; init; }

    /// <summary>With the model loaded.</summary>
    public long? AfterLoad { get; init; }

    /// <summary>After the clean-up.</summary>
    public long? AfterCleanup { get; init; }
}
