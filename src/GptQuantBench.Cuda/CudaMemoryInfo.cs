namespace GptQuantBench.Cuda;

/// <summary>What the driver says about a device's memory, all processes together.</summary>
/// <param name="FreeBytes">Free now.</param>
/// <param name="TotalBytes">Whole memory.</param>
public readonly record struct CudaMemoryInfo(long FreeBytes, long TotalBytes)
{
    /// <summary>In use now, by anyone.</summary>
    public long UsedBytes => TotalBytes - FreeBytes;
}
