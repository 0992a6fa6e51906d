using System.Runtime.ExceptionServices;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// Threads that stay alive between parallel regions. A region of a decode step lasts microseconds, so workers spin for a moment
/// before they park, and the caller works too. Each thread owns a run of neighbouring chunks and takes them in order, so that what
/// it reads is one stream of memory and what is prefetched behind a chunk is its own; a thread that has none left takes from the
/// end of another's run (a core that something else slows down does fewer). A claim takes several chunks, fewer towards the end of a
/// run, and what is done is counted once a region: an atomic operation waits until all earlier loads have come, which with one for
/// every 32 KB took a tenth of the bandwidth. Starting a region allocates nothing. One caller at a time.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    /// <summary>Chunks of one region at most.</summary>
    public const int MaximumChunks = (1 << 30) - 1;

    // Runs of different threads lie this many longs apart: two cache lines, which some CPUs fetch together.
    private const int RunStride = 16;

    // A claim takes half of what is left of a run, so that threads end together, and never more than a thread that loses its core may
    // leave behind.
    private const int ClaimShare = 2;
    private const int MostClaimed = 32;

    // How long an idle worker keeps looking before it parks: longer than the gaps between the regions of one token.
    private const int SpinsBeforePark = 4000;

    private readonly Thread[] _threads;
    private readonly Lock _parkLock = new();
    private readonly SemaphoreSlim _wake = new(0);

    // Per thread: its first unclaimed chunk in the high half, the end of its run in the low half. A claim changes the whole value at
    // once, and what a region works on is written before its runs: a late worker that claims by an old look still claims a chunk of
    // the region that it then runs.
    private readonly long[] _runs;

    // Counts regions; idle workers watch it.
    private int _region;
    private int _completed;
    private int _parked;
    private volatile bool _stopping;
    private volatile ExceptionDispatchInfo? _failure;
    private Action<int, int>? _body;
    private Action<int, int, int>? _rangeBody;

    /// <param name="threadCount">Threads that work on a region, the caller included; at least 1.</param>
    public WorkerPool(int threadCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threadCount, 1);
        _threads = new Thread[threadCount - 1];
        _runs = new long[threadCount * RunStride];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Work(worker), maxStackSize: 1 << 20)
            {
                IsBackground = true,
                Name = $"cpu kernel worker {worker}",
            };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that work on a region, the caller included.</summary>
    public int ThreadCount => _threads.Length + 1;

    /// <summary>Calls <paramref name="body"/>(chunk, worker) for every chunk and returns when all are done.</summary>
    /// <param name="chunkCount">0 … <see cref="MaximumChunks"/>.</param>
    /// <param name="body">
    /// Gets the chunk and the number of the thread, 0 … <see cref="ThreadCount"/> − 1, for scratch memory; make the delegate once, not
    /// per call. An exception from it is thrown again here.
    /// </param>
    public void Run(int chunkCount, Action<int, int> body)
    {
        _body = body;
        _rangeBody = null;
        Run(chunkCount);
    }

    /// <summary>The same with <paramref name="body"/>(first chunk, chunks, worker) for ranges that together are all chunks.</summary>
    public void RunRanges(int chunkCount, Action<int, int, int> body)
    {
        _rangeBody = body;
        Run(chunkCount);
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        _stopping = true;
        Wake();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        _wake.Dispose();
    }

    private void Run(int chunkCount)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunkCount, MaximumChunks);
        if (chunkCount <= 1 || _threads.Length == 0)
        {
            if (chunkCount > 0)
            {
                Call(0, chunkCount, worker: 0);
            }

            return;
        }

        _completed = 0;
        int threads = ThreadCount;
        for (int thread = 0; thread < threads; thread++)
        {
            long start = (long)chunkCount * thread / threads;
            long end = (long)chunkCount * (thread + 1) / threads;
            Volatile.Write(ref _runs[thread * RunStride], (start << 32) | end);
        }

        Interlocked.Increment(ref _region);
        if (Volatile.Read(ref _parked) > 0)
        {
            Wake();
        }

        RunChunks(worker: 0);
        SpinWait spinner = default;
        while (Volatile.Read(ref _completed) != chunkCount)
        {
            // Sleeping is for a worker that lost its core, not for the usual wait of a fraction of a chunk.
            spinner.SpinOnce(sleep1Threshold: -1);
        }

        if (_failure is { } failure)
        {
            _failure = null;
            failure.Throw();
        }
    }

    private void Wake()
    {
        lock (_parkLock)
        {
            int parked = _parked;
            _parked = 0;
            if (parked > 0)
            {
                _wake.Release(parked);
            }
        }
    }

    /// <summary>Claims chunks of a thread's run, the first for its owner and the last for others; returns how many.</summary>
    private int Claim(int thread, bool isOwner, out int first)
    {
        ref long run = ref _runs[thread * RunStride];
        long seen = Volatile.Read(ref run);
        while (true)
        {
            int next = (int)(seen >> 32);
            int end = (int)seen;
            if (next >= end)
            {
                first = 0;
                return 0;
            }

            int count = Math.Clamp((end - next) / ClaimShare, 1, MostClaimed);
            long claimed = Interlocked.CompareExchange(ref run, isOwner ? seen + ((long)count << 32) : seen - count, seen);
            if (claimed == seen)
            {
                first = isOwner ? next : end - count;
                return count;
            }

            seen = claimed;
        }
    }

    private void RunChunks(int worker)
    {
        int done = 0;
        for (int other = 0; other < ThreadCount; other++)
        {
            int thread = (worker + other) % ThreadCount;
            int first;
            for (int count = Claim(thread, other == 0, out first); count > 0; count = Claim(thread, other == 0, out first))
            {
                Guarded(first, count, worker);
                done += count;
            }
        }

        if (done > 0)
        {
            Interlocked.Add(ref _completed, done);
        }
    }

    private void Guarded(int first, int count, int worker)
    {
        try
        {
            Call(first, count, worker);
        }
#pragma warning disable CA1031 // Whatever it is, it is thrown again in the caller's thread.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }
    }

    private void Call(int first, int count, int worker)
    {
        if (_rangeBody is { } rangeBody)
        {
            rangeBody(first, count, worker);
            return;
        }

        Action<int, int> body = _body!;
        for (int chunk = first; chunk < first + count; chunk++)
        {
            body(chunk, worker);
        }
    }

    private void Work(int worker)
    {
        int seen = 0;
        while (!_stopping)
        {
            int spins = 0;
            while (Volatile.Read(ref _region) == seen && spins < SpinsBeforePark)
            {
                Thread.SpinWait(1);
                spins++;
            }

            int region = Volatile.Read(ref _region);
            if (region != seen)
            {
                seen = region;
                RunChunks(worker);
            }
            else
            {
                Park(seen);
            }
        }
    }

    private void Park(int seen)
    {
        lock (_parkLock)
        {
            // Counted before the last look: whoever starts a region after that look sees the count and wakes.
            Interlocked.Increment(ref _parked);
            if (_stopping || Interlocked.CompareExchange(ref _region, 0, 0) != seen)
            {
                _parked--;
                return;
            }
        }

        _wake.Wait();
    }
}
