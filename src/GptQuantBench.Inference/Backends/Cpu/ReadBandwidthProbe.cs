using System.Diagnostics;
using System.Runtime.Intrinsics;
using GptQuantBench.Inference.Memory;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// The read bandwidth of this machine's memory as the kernels could use it: all threads, whole cache lines, a thread one stream or four
/// at once, whichever is faster here.
/// </summary>
public sealed unsafe class ReadBandwidthProbe : IDeviceProbe
{
    /// <summary>Smallest buffer: below, the figure is that of a small cache.</summary>
    public const long MinimumBytes = 64L << 20;

    private const int ChunkBytes = 256 << 10;
    private const int LineBytes = 64;
    private const int LineLongs = LineBytes / sizeof(long);

    private readonly NativeBuffer<byte>? _ownBuffer;
    private readonly WorkerPool? _ownPool;
    private readonly WorkerPool _pool;
    private readonly MemoryPart[] _chunks;
    private Action<int, int>? _body; // the faster one, once both have been timed
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
        _pool.Run(_chunks.Length, Fill);
    }

    /// <summary>Reads memory that another owns.</summary>
    /// <param name="parts">What is read, in this order.</param>
    /// <param name="pool">The threads.</param>
    internal ReadBandwidthProbe(IEnumerable<MemoryPart> parts, WorkerPool pool)
    {
        _pool = pool;
        _chunks = Chunks(parts);
    }

    /// <inheritdoc />
    public long BytesPerPass => _chunks.Sum(chunk => chunk.Bytes);

    /// <inheritdoc />
    public long OperationsPerPass => 0;

    /// <inheritdoc />
    public double? Pass()
    {
        if (_body is null)
        {
            // The first pass over fresh memory is slow; both ways are timed behind it.
            Pass(SumInOrder);
            _body = Time(SumStreams) < Time(SumInOrder) ? SumStreams : SumInOrder;
        }

        Pass(_body);
        return null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _ownBuffer?.Dispose();
        _ownPool?.Dispose();
    }

    private TimeSpan Time(Action<int, int> body)
    {
        TimeSpan least = TimeSpan.MaxValue;
        for (int i = 0; i < 2; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Pass(body);
            TimeSpan time = Stopwatch.GetElapsedTime(start);
            least = time < least ? time : least;
        }

        return least;
    }

    private void Pass(Action<int, int> body)
    {
        _sum = 0;
        _pool.Run(_chunks.Length, body);

        // A pass that skipped memory would show.
        _expected ??= _sum;
        if (_sum != _expected)
        {
            throw new InvalidOperationException(
                "The read bandwidth probe summed wrongly, so its figure cannot be used; report this as a bug.");
        }
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

    private void SumInOrder(int chunk, int worker) =>
        Interlocked.Add(ref _sum, Sum((long*)_chunks[chunk].Address, _chunks[chunk].Bytes / sizeof(long)));

    private void SumStreams(int chunk, int worker)
    {
        long* data = (long*)_chunks[chunk].Address;
        long stride = _chunks[chunk].Bytes / sizeof(long) / (4 * LineLongs) * LineLongs;
        Vector512<long> a = default, b = default, c = default, d = default;
        for (long* end = data + stride; data < end; data += LineLongs)
        {
            a += Vector512.Load(data);
            b += Vector512.Load(data + stride);
            c += Vector512.Load(data + (2 * stride));
            d += Vector512.Load(data + (3 * stride));
        }

        // What four equal streams leave.
        long* rest = data + (3 * stride);
        long left = (long)((long*)(_chunks[chunk].Address + (nint)_chunks[chunk].Bytes) - rest);
        Interlocked.Add(ref _sum, Vector512.Sum((a + b) + (c + d)) + Sum(rest, left));
    }

    private static long Sum(long* data, long count)
    {
        long* end = data + count;
        Vector512<long> a = default, b = default, c = default, d = default;
        for (; data + (4 * LineLongs) <= end; data += 4 * LineLongs)
        {
            a += Vector512.Load(data);
            b += Vector512.Load(data + LineLongs);
            c += Vector512.Load(data + (2 * LineLongs));
            d += Vector512.Load(data + (3 * LineLongs));
        }

        for (; data < end; data += LineLongs)
        {
            a += Vector512.Load(data);
        }

        return Vector512.Sum((a + b) + (c + d));
    }
}
