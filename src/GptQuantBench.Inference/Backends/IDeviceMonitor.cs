namespace GptQuantBench.Inference.Backends;

/// <summary>Watches a device; changes none of its settings. May be read by another thread than the one that works.</summary>
public interface IDeviceMonitor : IDisposable
{
    /// <summary>The state now.</summary>
    DeviceSample Read();
}
