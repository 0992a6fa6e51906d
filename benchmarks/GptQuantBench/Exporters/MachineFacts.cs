using System.Runtime.InteropServices;
using BenchmarkDotNet.Environments;
using GptQuantBench.Benchmarks;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Exporters;

/// <summary>The machine, as reports name it.</summary>
internal static class MachineFacts
{
    /// <summary>The device of a run at its end; null where it does not answer any more, which must not cost a finished report.</summary>
    public static DeviceFacts? DeviceNow(RunSettings settings)
    {
        try
        {
            return BackendRegistry.Find(settings.Backend).Describe(settings.BackendOptions);
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <summary>Operating system, processor, memory, runtime.</summary>
    public static HostRecord Host { get; } = new()
    {
        Os = RuntimeInformation.OSDescription,
        Cpu = HostEnvironmentInfo.GetCurrent().Cpu.Value?.ProcessorName?.Trim() ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Cores = Environment.ProcessorCount,
        RamGb = Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9, 1),
        Runtime = RuntimeInformation.FrameworkDescription,
    };
}
