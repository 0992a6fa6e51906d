using System.Runtime.Intrinsics;
using GptQuantBench.Inference.Memory;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>The read bandwidth of this machine's memory as the kernels could use it: all threads, whole cache lines, in order.</summary>
public sealed unsafe class ReadBandwidthProbe : IDeviceProbe
{
    /// <summary>Smallest buffer: below, the figure is that of a small cache.</summary>
    public const long MinimumBytes = 64L << 20;

    private const int ChunkBytes = 256 << 10;

    private readonly NativeBuffer<byte> _buffer;
    private readonly WorkerPool _pool;
    private readonly int _chunks;
    private readonly Action<int, int> _body;
    private long _sum;

    /// <param name="bytes">Buffer size, raised to <see cref="MinimumBytes"/> and to whole chunks.</param>
    /// <exception cref="InsufficientMemoryException">The system does not give the buffer.</exception>
    public ReadBandwidthProbe(long bytes)
    {
        _chunks = checked((int)((Math.Max(bytes, MinimumBytes) + ChunkBytes - 1) / ChunkBytes));
        _buffer = new(new MemoryLedger(), MemoryCategory.Workspace, (long)_chunks * ChunkBytes, BufferFill.Poison);
        _pool = new(Environment.ProcessorCount);
        _body = (chunk, _) => Interlocked.Add(ref _sum, Sum((long*)(_buffer.Data + ((long)chunk * ChunkBytes))));
    }

    /// <inheritdoc />
    public long BytesPerPass => _buffer.ByteLength;

    /// <inheritdoc />
    public long OperationsPerPass => 0;

    /// <summary>Sums over a buffer several times.</summary>
    /// <param name="bytes">
    /// Buffer size; the model's <see cref="ILanguageModel.BytesPerToken"/> gives the floor of a decode step under the same caches. Raised
    /// to <see cref="MinimumBytes"/>.
    /// </param>
    /// <param name="passes">Timed passes, at least 1, after one that warms up.</param>
    /// <returns>The median over the passes, bytes per second.</returns>
    /// <exception cref="InsufficientMemoryException">The system does not give the buffer.</exception>
    public static double Measure(long bytes, int passes = 9)
    {
        using ReadBandwidthProbe probe = new(bytes);
        return ProbeRate.Median(probe, passes, pass => pass.BytesPerPass);
    }

    /// <inheritdoc />
    public double? Pass()
    {
        _sum = 0;
        _pool.Run(_chunks, _body);

        // Every byte is 0xFF, so every sum of a chunk is −(number of longs): a pass that skipped memory would show.
        return _sum == -(long)_chunks * (ChunkBytes / sizeof(long))
            ? null
            : throw new InvalidOperationException(
                "The read bandwidth probe summed wrongly, so its figure cannot be used; report this as a bug.");
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _buffer.Dispose();
        _pool.Dispose();
    }

    private static long Sum(long* data)
    {
        long* end = data + (ChunkBytes / sizeof(long));
        Vector512<long> a = default, b = default, c = default, d = default;
        for (; data < end; data += 32)
        {
            a += Vector512.Load(data);
            b += Vector512.Load(data + 8);
            c += Vector512.Load(data + 16);
            d += Vector512.Load(data + 24);
        }

        return Vector512.Sum((a + b) + (c + d));
    }
}
