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
        ArgumentOutOfRangeException.ThrowIfLessThan(passes, 1);
        int chunks = checked((int)((Math.Max(bytes, MinimumBytes) + ChunkBytes - 1) / ChunkBytes));
        MemoryLedger ledger = new();
        using NativeBuffer<byte> buffer = new(ledger, MemoryCategory.Workspace, (long)chunks * ChunkBytes, BufferFill.Poison);
        using WorkerPool pool = new(Environment.ProcessorCount);
        long sum = 0;
        byte* first = buffer.Data;
        Action<int, int> body = (chunk, _) => Interlocked.Add(ref sum, Sum((long*)(first + ((long)chunk * ChunkBytes))));
        double[] rates = new double[passes];
        for (int pass = -1; pass < passes; pass++)
        {
            long start = Stopwatch.GetTimestamp();
            pool.Run(chunks, body);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (pass >= 0)
            {
                rates[pass] = buffer.ByteLength / seconds;
            }
        }

        // Every byte is 0xFF, so every sum of a chunk is −(number of longs): a pass that skipped memory would show.
        if (sum != -(long)(passes + 1) * chunks * (ChunkBytes / sizeof(long)))
        {
            throw new InvalidOperationException(
                "The read bandwidth probe summed wrongly, so its figure cannot be used; report this as a bug.");
        }

        Array.Sort(rates);
        return rates[passes / 2];
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
