namespace GptQuantBench.Inference.Backends;

/// <summary>A loop of known work, for what a device can reach at most. Not thread-safe.</summary>
public interface IDeviceProbe : IDisposable
{
    /// <summary>Bytes that a pass reads from memory.</summary>
    long BytesPerPass { get; }

    /// <summary>Floating-point operations of a pass; a multiplication with an addition counts as two.</summary>
    long OperationsPerPass { get; }

    /// <summary>Runs one pass; the device is idle when it returns.</summary>
    /// <returns>Seconds by the device's own clock; null where the host's clock is the device's.</returns>
    /// <exception cref="InvalidOperationException">The pass left a wrong result, so its time means nothing.</exception>
    double? Pass();
}
