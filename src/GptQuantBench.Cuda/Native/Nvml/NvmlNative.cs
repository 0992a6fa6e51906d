using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Nvml;

/// <summary>NVML: the calls in use.</summary>
internal static unsafe partial class NvmlNative
{
    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlInit_v2();

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlShutdown();

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial byte* nvmlErrorString(NvmlReturn result);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlSystemGetDriverVersion(byte* version, uint length);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlDeviceGetHandleByPciBusId_v2(byte* pciBusId, nint* device);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlDeviceGetName(nint device, byte* name, uint length);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlDeviceGetMemoryInfo_v2(nint device, NvmlMemoryV2* memory);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlDeviceGetComputeRunningProcesses_v3(nint device, uint* count, NvmlProcessInfo* processes);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlDeviceGetClockInfo(nint device, NvmlClock clock, uint* megahertz);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlDeviceGetMaxClockInfo(nint device, NvmlClock clock, uint* megahertz);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlDeviceGetTemperature(nint device, uint sensor, uint* celsius);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlDeviceGetPowerUsage(nint device, uint* milliwatts);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlDeviceGetEnforcedPowerLimit(nint device, uint* milliwatts);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlDeviceGetTotalEnergyConsumption(nint device, ulong* millijoules);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlDeviceGetCurrentClocksThrottleReasons(nint device, ulong* reasons);

    [LibraryImport(NativeLibraryName.Nvml)]
    internal static partial NvmlReturn nvmlDeviceGetPersistenceMode(nint device, int* mode);
}
