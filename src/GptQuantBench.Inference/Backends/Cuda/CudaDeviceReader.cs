using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>What the driver and NVML say about a device; NVML's share is null where the library is missing.</summary>
internal static class CudaDeviceReader
{
    /// <summary>Name, memory, versions and clocks; makes no context.</summary>
    /// <exception cref="CudaException">The device does not exist.</exception>
    public static DeviceFacts Describe(int ordinal)
    {
        CudaDevice device = CudaDevice.Get(ordinal);
        using Nvml? nvml = Nvml.TryOpen(out Nvml? opened, out _) ? opened : null;
        NvmlDevice? clocks = Find(nvml, device);
        return new(
            device.Name,
            device.TotalMemory,
            nvml?.DriverVersion,
            CudaDriver.Version.ToString(),
            clocks?.SmClock,
            clocks?.MaxSmClock,
            clocks?.MemoryClock,
            clocks?.MaxMemoryClock);
    }

    /// <summary>The process's memory on the device by NVML, where it sees the process; else the whole device's by the driver.</summary>
    /// <exception cref="CudaException">The device does not exist or is faulty.</exception>
    public static DeviceMemory ReadMemory(int ordinal)
    {
        CudaContext context = CudaRuntime.Context(ordinal);
        using Nvml? nvml = Nvml.TryOpen(out Nvml? opened, out _) ? opened : null;
        return Find(nvml, context.Device)?.GetProcessMemory(Environment.ProcessId) is { } bytes
            ? new(bytes, "NVML, this process")
            : new(context.GetMemoryInfo().UsedBytes, "cuMemGetInfo, whole device");
    }

    /// <summary>Watches a device through NVML; null where NVML is missing or does not know it.</summary>
    /// <exception cref="CudaException">The device does not exist.</exception>
    public static CudaDeviceMonitor? Monitor(int ordinal)
    {
        if (!Nvml.TryOpen(out Nvml? nvml, out _))
        {
            return null;
        }

        if (Find(nvml, CudaDevice.Get(ordinal)) is { } device)
        {
            return new(nvml, device);
        }

        nvml.Dispose();
        return null;
    }

    private static NvmlDevice? Find(Nvml? nvml, CudaDevice device)
    {
        try
        {
            return nvml?.GetDevice(device.PciBusId);
        }
        catch (CudaException)
        {
            return null; // In some containers NVML is there but knows no device.
        }
    }
}
