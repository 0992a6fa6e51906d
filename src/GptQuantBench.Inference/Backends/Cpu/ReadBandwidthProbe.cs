using System.Runtime.Intrinsics;
using GptQuantBench.Inference.Memory;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>The read bandwidth of this machine's memory as the kernels could use it: all threads, whole cache lines, in order.</summary>
public sealed unsafe class ReadBandwidthProbe : IDeviceProbe
{
    /// <summary>Smallest buffer: below, the figure is that of a small cache.</summary>
    public const long MinimumBytes = 64L << 20;

    private const int ChunkBytes = 256 << 10;
    private const int LineBytes = 64;

    private readonly NativeBuffer<byte>? _ownBuffer;
    private readonly WorkerPool? _ownPool;
    private readonly WorkerPool _pool;
    private readonly MemoryPart[] _chunks;
    private readonly Action<int, int> _body;
    private long? _expected;
    private long _sum;

    /// <summary>Reads a buffer of its own on all threads.</summary>
    /// <param name="bytes">Buffer size, raised to <see cref="MinimumBytes"/> and to whole chunks.</param>
    /// <exception cref="InsufficientMemoryException">The system does not give the buffer.</exception>
    public ReadBandwidthProbe(long bytes)
    {
        long rounded = (Math.Max(bytes, MinimumBytes) + ChunkBytes - 1) / ChunkBytes * ChunkBytes;
        _ownBuffer = new(new MemoryLedger(), MemoryCategory.Workspace, rounded, BufferFill.None);
        _pool = _ownPool = new(Environment.ProcessorCount);
        _chunks = Chunks([new((nint)_ownBuffer.Data, rounded)]);
        _body = Sum;
        _pool.Run(_chunks.Length, Fill);
    }

    /// <summary>Reads memory that another owns.</summary>
    /// <param name="parts">What is read, in this order.</param>
    /// <param name="pool">The threads.</param>
    internal ReadBandwidthProbe(IEnumerable<MemoryPart> parts, WorkerPool pool)
    {
        _pool = pool;
        _chunks = Chunks(parts);
        _body = Sum;
    }

    /// <inheritdoc />
    public long BytesPerPass => _chunks.Sum(chunk => chunk.Bytes);

    /// <inheritdoc />
    public long OperationsPerPass => 0;

    /// <inheritdoc />
    public double? Pass()
    {
        _sum = 0;
        _pool.Run(_chunks.Length, _body);

        // A pass that skipped memory would show.
        _expected ??= _sum;
        return _sum == _expected
            ? null
            : throw new InvalidOperationException(
                "The read bandwidth probe summed wrongly, so its figure cannot be used; report this as a bug.");
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _ownBuffer?.Dispose();
        _ownPool?.Dispose();
    }

    private static MemoryPart[] Chunks(IEnumerable<MemoryPart> parts)
    {
        List<MemoryPart> chunks = [];
        foreach (MemoryPart part in parts)
        {
            // Whole lines; what a part has beyond is less than one.
            long bytes = part.Bytes & -LineBytes;
            for (long at = 0; at < bytes; at += ChunkBytes)
            {
                chunks.Add(new((nint)(part.Address + at), Math.Min(ChunkBytes, bytes - at)));
            }
        }

        return [.. chunks];
    }

    /// <summary>No two pages become equal: hosts of virtual machines merge equal ones, which then are read from a cache.</summary>
    private void Fill(int chunk, int worker)
    {
        const int longs = ChunkBytes / sizeof(long);
        long* values = (long*)_chunks[chunk].Address;
        for (int i = 0; i < longs; i++)
        {
            values[i] = ((long)chunk * longs) + i;
        }
    }

    private void Sum(int chunk, int worker)
    {
        long* data = (long*)_chunks[chunk].Address;
        long* end = (long*)(_chunks[chunk].Address + (nint)_chunks[chunk].Bytes);
        Vector512<long> a = default, b = default, c = default, d = default;
        for (; data + 32 <= end; data += 32)
        {
            a += Vector512.Load(data);
            b += Vector512.Load(data + 8);
            c += Vector512.Load(data + 16);
            d += Vector512.Load(data + 24);
        }

        for (; data < end; data += LineBytes / sizeof(long))
        {
            a += Vector512.Load(data);
        }

        Interlocked.Add(ref _sum, Vector512.Sum((a + b) + (c + d)));
    }
}
