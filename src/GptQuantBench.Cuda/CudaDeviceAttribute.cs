using System.Diagnostics.CodeAnalysis;

namespace GptQuantBench.Cuda;

/// <summary><c>CUdevice_attribute</c>: the attributes in use; any other can be asked for by its number.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "The driver's own name.")]
public enum CudaDeviceAttribute
{
    MaxThreadsPerBlock = 1,
    MaxSharedMemoryPerBlock = 8,
    WarpSize = 10,

    /// <summary>Peak clock of the multiprocessors, kHz.</summary>
    ClockRate = 13,
    MultiprocessorCount = 16,
    Integrated = 18,
    CanMapHostMemory = 19,

    /// <summary>Peak clock of the memory, kHz.</summary>
    MemoryClockRate = 36,

    /// <summary>Width of the memory bus, bits.</summary>
    GlobalMemoryBusWidth = 37,

    /// <summary>L2 cache, bytes.</summary>
    L2CacheSize = 38,
    MaxThreadsPerMultiprocessor = 39,
    UnifiedAddressing = 41,
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
    MaxSharedMemoryPerMultiprocessor = 81,
    MaxRegistersPerMultiprocessor = 82,
    CooperativeLaunch = 95,

    /// <summary>Shared memory per block that a kernel can opt in to, bytes.</summary>
    MaxSharedMemoryPerBlockOptin = 97,
    MaxBlocksPerMultiprocessor = 106,
    ClusterLaunch = 120,
}
