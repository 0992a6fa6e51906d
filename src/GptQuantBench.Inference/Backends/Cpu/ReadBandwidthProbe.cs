using System.Diagnostics;
using System.Runtime.Intrinsics;
using GptQuantBench.Inference.Memory;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>The read bandwidth of this machine's memory as the kernels could use it: all threads, whole cache lines, in order.</summary>
public static unsafe class ReadBandwidthProbe
{
    /// <summary>Smallest buffer: below, the figure is that of a small cache.</summary>
    public const long MinimumBytes = 64L << 20;

    private const int ChunkBytes = 256 << 10;
    private const int LineBytes = 64;

    /// <summary>Sums over a buffer of its own several times.</summary>
    /// <param name="bytes">Buffer size; raised to <see cref="MinimumBytes"/>.</param>
    /// <param name="passes">Timed passes, at least 1, after one that warms up.</param>
    /// <returns>The median over the passes, bytes per second.</returns>
    /// <exception cref="InsufficientMemoryException">The system does not give the buffer.</exception>
    public static double Measure(long bytes, int passes = 9)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(passes, 1);
        long rounded = (Math.Max(bytes, MinimumBytes) + ChunkBytes - 1) / ChunkBytes * ChunkBytes;
        using NativeBuffer<byte> buffer = new(new MemoryLedger(), MemoryCategory.Workspace, rounded, BufferFill.None);
        long* values = (long*)buffer.Data;
        using WorkerPool pool = new(Environment.ProcessorCount);
        pool.Run((int)(rounded / ChunkBytes), (chunk, _) =>
        {
            // No two pages are equal: hosts of virtual machines merge equal ones, which then are read from a cache.
            const long longs = ChunkBytes / sizeof(long);
            for (long i = chunk * longs; i < (chunk + 1) * longs; i++)
            {
                values[i] = i;
            }
        });
        return Measure([new((nint)buffer.Data, rounded)], pool, passes);
    }

    /// <summary>Sums over memory several times.</summary>
    /// <param name="parts">What is read, in this order.</param>
    /// <param name="pool">The threads.</param>
    /// <param name="passes">Timed passes, at least 1, after one that warms up.</param>
    /// <returns>The median over the passes, bytes per second.</returns>
    internal static double Measure(IReadOnlyList<MemoryPart> parts, WorkerPool pool, int passes = 9)
    {
        MemoryPart[] chunks = [.. parts.SelectMany(Chunks)];
        long total = parts.Sum(part => part.Bytes);
        long sum = 0;
        Action<int, int> body = (chunk, _) => Interlocked.Add(ref sum, Sum(chunks[chunk]));
        double[] rates = new double[passes];
        long first = 0;
        for (int pass = -1; pass < passes; pass++)
        {
            sum = 0;
            long start = Stopwatch.GetTimestamp();
            pool.Run(chunks.Length, body);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (pass < 0)
            {
                first = sum;
                continue;
            }

            // A pass that skipped memory would show.
            if (sum != first)
            {
                throw new InvalidOperationException(
                    "The read bandwidth probe summed wrongly, so its figure cannot be used; report this as a bug.");
            }

            rates[pass] = total / seconds;
        }

        Array.Sort(rates);
        return rates[passes / 2];
    }

    private static IEnumerable<MemoryPart> Chunks(MemoryPart part)
    {
        for (long at = 0; at < part.Bytes; at += ChunkBytes)
        {
            yield return new((nint)(part.Address + at), Math.Min(ChunkBytes, part.Bytes - at));
        }
    }

    private static long Sum(MemoryPart part)
    {
        long* data = (long*)part.Address;
        long* end = (long*)(part.Address + (nint)part.Bytes);
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

        return Vector512.Sum((a + b) + (c + d));
    }
}
