namespace GptQuantBench.Inference.Memory;

/// <summary>Bytes that an allocator holds, by category, and the largest sum it ever held.</summary>
/// <param name="WeightBytes">Bytes of <see cref="MemoryCategory.Weights"/>.</param>
/// <param name="KeyValueCacheBytes">Bytes of <see cref="MemoryCategory.KeyValueCache"/>.</param>
/// <param name="WorkspaceBytes">Bytes of <see cref="MemoryCategory.Workspace"/>.</param>
/// <param name="PeakBytes">Largest total held at one moment since the last reset.</param>
public readonly record struct MemoryUsage(long WeightBytes, long KeyValueCacheBytes, long WorkspaceBytes, long PeakBytes)
{
    /// <summary>Sum over the categories.</summary>
    public long TotalBytes => WeightBytes + KeyValueCacheBytes + WorkspaceBytes;
}
