using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Nvml;

/// <summary><c>nvmlMemory_v2_t</c>, 40 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemoryV2
{
    /// <summary>What <see cref="Version"/> must hold: the struct's size, and its version in the highest byte.</summary>
    public const uint Version2 = 40 | (2u << 24);

    public uint Version;
    public ulong Total;
    public ulong Reserved;
    public ulong Free;
    public ulong Used;
}
