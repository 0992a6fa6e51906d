namespace GptQuantBench.Reporting.Records;

/// <summary>Clocks of a GPU, MHz.</summary>
public sealed record ClockRecord
{
    /// <summary>Clock of the multiprocessors.</summary>
    public int? SmMhz { get; init; }

    /// <summary>Clock of the memory.</summary>
    public int? MemoryMhz { get; init; }

    /// <summary>Highest clock that the multiprocessors can reach.</summary>
    public int? MaxSmMhz { get; init; }

    /// <summary>Highest clock that the memory can reach.</summary>
    public int? MaxMemoryMhz { get; init; }
}
