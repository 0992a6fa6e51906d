namespace GptQuantBench.Reporting.Records;

/// <summary>Bytes held after the clean-up that were not held before the load.</summary>
public sealed record LeakedBytes
{
    /// <summary>Largest difference of the driver's figure that is not a leak: 2 MiB, the granularity of its allocations.</summary>
    public const long DriverTolerance = 2 * 1024 * 1024;

    /// <summary>Of our own allocator; anything but 0 is a leak.</summary>
    public long? Allocator { get; init; }

    /// <summary>Of the driver's figure, against the state after one throw-away load; null on the CPU.</summary>
    public long? Driver { get; init; }

    /// <summary>True: memory is lost, the case failed; false: all is back; null: nothing was measured.</summary>
    internal bool? IsLeak => Allocator is null && Driver is null ? null : Allocator is not (null or 0) || Driver > DriverTolerance;
}
