using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GptQuantBench.Cuda.Native.Driver;
using GptQuantBench.Cuda.Native.Nvml;

namespace GptQuantBench.Cuda;

/// <summary>What NVML tells about a device. Null means that this device, driver or container does not tell.</summary>
public sealed unsafe class NvmlDevice
{
    private const int TextLength = 96;
    private const uint ProcessCapacity = 512;

    private readonly Nvml _nvml;
    private readonly nint _device;

    internal NvmlDevice(Nvml nvml, nint device)
    {
        _nvml = nvml;
        _device = device;
    }

    /// <summary>Marketing name.</summary>
    public string Name
    {
        get
        {
            _nvml.Require();
            byte* text = stackalloc byte[TextLength];
            NvmlError.Check(NvmlNative.nvmlDeviceGetName(_device, text, TextLength));
            return Marshal.PtrToStringUTF8((nint)text)!;
        }
    }

    /// <summary>Memory, all processes together. Drivers from 510 on.</summary>
    public NvmlMemoryInfo? Memory =>
        Read(&NvmlNative.nvmlDeviceGetMemoryInfo_v2, new NvmlMemoryV2 { Version = NvmlMemoryV2.Version2 }) is { } memory
            ? new NvmlMemoryInfo((long)memory.Total, (long)memory.Reserved, (long)memory.Free, (long)memory.Used)
            : null;

    /// <summary>Clock of the multiprocessors now, MHz.</summary>
    public int? SmClock => (int?)Read(&SmClockNow, 0u, nameof(NvmlNative.nvmlDeviceGetClockInfo));

    /// <summary>Clock of the memory now, MHz.</summary>
    public int? MemoryClock => (int?)Read(&MemoryClockNow, 0u, nameof(NvmlNative.nvmlDeviceGetClockInfo));

    /// <summary>Highest clock of the multiprocessors, MHz.</summary>
    public int? MaxSmClock => (int?)Read(&SmClockMax, 0u, nameof(NvmlNative.nvmlDeviceGetMaxClockInfo));

    /// <summary>Highest clock of the memory, MHz.</summary>
    public int? MaxMemoryClock => (int?)Read(&MemoryClockMax, 0u, nameof(NvmlNative.nvmlDeviceGetMaxClockInfo));

    /// <summary>Temperature of the chip, °C.</summary>
    public int? Temperature => (int?)Read(&ChipTemperature, 0u, nameof(NvmlNative.nvmlDeviceGetTemperature));

    /// <summary>Power drawn now, mW; on recent devices the mean of the last second.</summary>
    public int? PowerMilliwatts => (int?)Read(&NvmlNative.nvmlDeviceGetPowerUsage, 0u);

    /// <summary>Power limit in force, mW.</summary>
    public int? PowerLimitMilliwatts => (int?)Read(&NvmlNative.nvmlDeviceGetEnforcedPowerLimit, 0u);

    /// <summary>Energy drawn since the driver was loaded, mJ.</summary>
    public long? TotalEnergyMillijoules => (long?)Read(&NvmlNative.nvmlDeviceGetTotalEnergyConsumption, 0ul);

    /// <summary>What holds the clocks down now.</summary>
    public NvmlThrottleReasons? ThrottleReasons =>
        (NvmlThrottleReasons?)Read(&NvmlNative.nvmlDeviceGetCurrentClocksThrottleReasons, 0ul);

    /// <summary>Whether the driver stays loaded while nobody uses the device.</summary>
    public bool? PersistenceMode => Read(&NvmlNative.nvmlDeviceGetPersistenceMode, 0) is { } mode ? mode != 0 : null;

    /// <summary>Device memory that a process holds, bytes; null where the process is not seen, as in most containers.</summary>
    /// <param name="processId">Its id, as the host knows it.</param>
    public long? GetProcessMemory(int processId)
    {
        _nvml.Require();
        NvmlProcessInfo* processes = stackalloc NvmlProcessInfo[(int)ProcessCapacity];
        uint count = ProcessCapacity;
        NvmlReturn result;
        try
        {
            result = NvmlNative.nvmlDeviceGetComputeRunningProcesses_v3(_device, &count, processes);
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }

        if (NvmlError.IsAbsent(result))
        {
            return null;
        }

        NvmlError.Check(result, nameof(NvmlNative.nvmlDeviceGetComputeRunningProcesses_v3));
        return FindProcess(new ReadOnlySpan<NvmlProcessInfo>(processes, (int)count), processId);
    }

    /// <summary>A process's memory in a list.</summary>
    internal static long? FindProcess(ReadOnlySpan<NvmlProcessInfo> processes, int processId)
    {
        foreach (ref readonly NvmlProcessInfo process in processes)
        {
            if (process.ProcessId == (uint)processId && process.UsedGpuMemory != NvmlProcessInfo.NotAvailable)
            {
                return (long)process.UsedGpuMemory;
            }
        }

        return null;
    }

    private static NvmlReturn SmClockNow(nint device, uint* value) => NvmlNative.nvmlDeviceGetClockInfo(device, NvmlClock.Sm, value);

    private static NvmlReturn MemoryClockNow(nint device, uint* value) =>
        NvmlNative.nvmlDeviceGetClockInfo(device, NvmlClock.Memory, value);

    private static NvmlReturn SmClockMax(nint device, uint* value) => NvmlNative.nvmlDeviceGetMaxClockInfo(device, NvmlClock.Sm, value);

    private static NvmlReturn MemoryClockMax(nint device, uint* value) =>
        NvmlNative.nvmlDeviceGetMaxClockInfo(device, NvmlClock.Memory, value);

    private static NvmlReturn ChipTemperature(nint device, uint* value) => NvmlNative.nvmlDeviceGetTemperature(device, 0, value);

    private T? Read<T>(delegate*<nint, T*, NvmlReturn> call, T initial, [CallerArgumentExpression(nameof(call))] string expression = "")
        where T : unmanaged
    {
        _nvml.Require();
        T value = initial;
        NvmlReturn result;
        try
        {
            result = call(_device, &value);
        }
        catch (EntryPointNotFoundException)
        {
            // An older driver's NVML.
            return null;
        }

        if (NvmlError.IsAbsent(result))
        {
            return null;
        }

        NvmlError.Check(result, DriverError.CallName(expression));
        return value;
    }
}
