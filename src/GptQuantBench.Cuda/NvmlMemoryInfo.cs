namespace GptQuantBench.Cuda;

/// <summary>What NVML says about a device's memory, all processes together.</summary>
/// <param name="TotalBytes">Whole memory.</param>
/// <param name="ReservedBytes">Held by the driver and firmware.</param>
/// <param name="FreeBytes">Free now.</param>
/// <param name="UsedBytes">In use now, without what is reserved.</param>
public readonly record struct NvmlMemoryInfo(long TotalBytes, long ReservedBytes, long FreeBytes, long UsedBytes);
