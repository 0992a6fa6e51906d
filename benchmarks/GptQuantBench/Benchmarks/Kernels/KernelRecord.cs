namespace GptQuantBench.Benchmarks.Kernels;

/// <summary>What a benchmark process tells the host about its kernel beside the times, which BenchmarkDotNet takes.</summary>
public sealed record KernelRecord
{
    /// <summary>Name of the kernel or probe.</summary>
    public required string Kernel { get; init; }

    /// <summary>Label of the format; null for probes.</summary>
    public string? Format { get; init; }

    /// <summary>Why no point could be measured, in one sentence; null where some could.</summary>
    public string? Error { get; init; }

    /// <summary>Why points failed, by their index; points that did not are absent.</summary>
    public IReadOnlyDictionary<int, string> PointErrors { get; init; } = new Dictionary<int, string>();

    /// <summary>Name of the device.</summary>
    public string? Device { get; init; }

    /// <summary>By point: products of a call, or passes of a probe.</summary>
    public IReadOnlyDictionary<int, int> Products { get; init; } = new Dictionary<int, int>();

    /// <summary>By point: seconds of each call by the device's own clock; absent where the host's clock is the device's.</summary>
    public IReadOnlyDictionary<int, List<double>> DeviceSeconds { get; init; } = new Dictionary<int, List<double>>();

    /// <summary>By point: bytes per second that the device read right before its shape was timed.</summary>
    public IReadOnlyDictionary<int, double> ReadBandwidth { get; init; } = new Dictionary<int, double>();

    /// <summary>Floating-point operations per second that the device reached in registers; null where it has no such loop.</summary>
    public double? ArithmeticRate { get; init; }

    /// <summary>Bytes that a pass of a probe reads.</summary>
    public long? BytesPerPass { get; init; }

    /// <summary>Floating-point operations of a pass of a probe.</summary>
    public long? OperationsPerPass { get; init; }
}
