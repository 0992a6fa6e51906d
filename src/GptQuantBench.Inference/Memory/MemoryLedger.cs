namespace GptQuantBench.Inference.Memory;

/// <summary>Counts what an allocator hands out and takes back. Thread-safe.</summary>
public sealed class MemoryLedger
{
    private readonly Lock _lock = new();
    private readonly long[] _bytes = new long[Enum.GetValues<MemoryCategory>().Length];
    private long _peak;

    /// <summary>Counts what the system's allocator gives.</summary>
    public MemoryLedger() : this(SystemAllocator.Instance)
    {
    }

    /// <summary>Counts what an allocator gives.</summary>
    internal MemoryLedger(INativeAllocator allocator) => Allocator = allocator;

    /// <summary>Where buffers that are counted here come from.</summary>
    internal INativeAllocator Allocator { get; }

    /// <summary>The state now.</summary>
    public MemoryUsage Usage
    {
        get
        {
            lock (_lock)
            {
                return new MemoryUsage(
                    _bytes[(int)MemoryCategory.Weights],
                    _bytes[(int)MemoryCategory.KeyValueCache],
                    _bytes[(int)MemoryCategory.Workspace],
                    _peak);
            }
        }
    }

    /// <summary>Records that <paramref name="bytes"/> more (or, if negative, fewer) are held.</summary>
    public void Add(MemoryCategory category, long bytes)
    {
        lock (_lock)
        {
            _bytes[(int)category] += bytes;
            _peak = Math.Max(_peak, _bytes.Sum());
        }
    }

    /// <summary>Lets the peak start again from what is held now.</summary>
    public void ResetPeak()
    {
        lock (_lock)
        {
            _peak = _bytes.Sum();
        }
    }
}
