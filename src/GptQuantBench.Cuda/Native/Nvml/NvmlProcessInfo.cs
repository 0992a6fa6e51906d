using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Nvml;

/// <summary><c>nvmlProcessInfo_t</c> (v2, v3), 24 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlProcessInfo
{
    /// <summary><c>NVML_VALUE_NOT_AVAILABLE</c>.</summary>
    public const ulong NotAvailable = ulong.MaxValue;

    public uint ProcessId;
    public ulong UsedGpuMemory;
    public uint GpuInstanceId;
    public uint ComputeInstanceId;
}
