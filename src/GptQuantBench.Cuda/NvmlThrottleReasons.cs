namespace GptQuantBench.Cuda;

/// <summary><c>nvmlClocksThrottleReason…</c>: what holds the clocks below their maximum.</summary>
[Flags]
public enum NvmlThrottleReasons : long
{
    None = 0,

    /// <summary>Nothing runs.</summary>
    GpuIdle = 1,

    /// <summary>The user has set clocks.</summary>
    ApplicationsClocksSetting = 2,

    /// <summary>The power limit.</summary>
    SoftwarePowerCap = 4,

    /// <summary>The hardware slows down: heat, power brake.</summary>
    HardwareSlowdown = 8,

    /// <summary>Clocks are kept equal with other GPUs.</summary>
    SyncBoost = 16,

    /// <summary>The driver slows down for heat.</summary>
    SoftwareThermalSlowdown = 32,

    /// <summary>The hardware slows down for heat.</summary>
    HardwareThermalSlowdown = 64,

    /// <summary>An outside power brake.</summary>
    HardwarePowerBrakeSlowdown = 128,

    /// <summary>A display's clock.</summary>
    DisplayClockSetting = 256,
}
