using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Watches a GPU through NVML.</summary>
internal sealed class CudaDeviceMonitor(Nvml nvml, NvmlDevice device) : IDeviceMonitor
{
    /// <summary>Reasons that make figures of a case worse than those of the next; clocks that a user has set do not.</summary>
    private static readonly (NvmlThrottleReasons Reason, string Name)[] _throttles =
    [
        (NvmlThrottleReasons.SoftwarePowerCap, "power limit"),
        (NvmlThrottleReasons.HardwareSlowdown, "hardware slowdown"),
        (NvmlThrottleReasons.SoftwareThermalSlowdown, "heat (driver)"),
        (NvmlThrottleReasons.HardwareThermalSlowdown, "heat (hardware)"),
        (NvmlThrottleReasons.HardwarePowerBrakeSlowdown, "power brake"),
    ];

    /// <inheritdoc />
    public DeviceSample Read() => new(
        device.PowerMilliwatts,
        device.TotalEnergyMillijoules,
        device.SmClock,
        device.MemoryClock,
        device.Temperature,
        Throttles(device.ThrottleReasons ?? NvmlThrottleReasons.None));

    /// <inheritdoc />
    public void Dispose() => nvml.Dispose();

    /// <summary>The names of the reasons that slow a device down.</summary>
    internal static IReadOnlyList<string> Throttles(NvmlThrottleReasons reasons) =>
        [.. _throttles.Where(throttle => reasons.HasFlag(throttle.Reason)).Select(throttle => throttle.Name)];
}
