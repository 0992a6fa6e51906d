using System.Runtime.ExceptionServices;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>
/// Threads that stay alive between parallel regions. A region of a decode step lasts microseconds, so workers spin for a moment
/// before they park, the caller works too, and chunks are handed out by one atomic counter (a core that something else slows
/// down takes fewer). Starting a region allocates nothing. One caller at a time.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    /// <summary>Chunks of one region at most.</summary>
    public const int MaximumChunks = (1 << 30) - 1;

    // How long an idle worker keeps looking before it parks: longer than the gaps between the regions of one token.
    private const int SpinsBeforePark = 4000;

    private readonly Thread[] _threads;
    private readonly Lock _parkLock = new();
    private readonly SemaphoreSlim _wake = new(0);

    // Number of chunks in the high half, next chunk in the low half: a claim is valid or not by its own value alone, so that
    // a late worker never mixes two regions.
    private long _ticket;
    private int _completed;
    private int _parked;
    private volatile bool _stopping;
    private volatile ExceptionDispatchInfo? _failure;
    private Action<int, int> _body = (_, _) => { };

    /// <param name="threadCount">Threads that work on a region, the caller included; at least 1.</param>
    public WorkerPool(int threadCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threadCount, 1);
        _threads = new Thread[threadCount - 1];
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
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunkCount, MaximumChunks);
        if (chunkCount <= 1 || _threads.Length == 0)
        {
            for (int chunk = 0; chunk < chunkCount; chunk++)
            {
                body(chunk, 0);
            }

            return;
        }

        _body = body;
        _completed = 0;
        Interlocked.Exchange(ref _ticket, (long)chunkCount << 32);
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

    private static bool HasWork(long ticket) => (uint)ticket < (uint)(ticket >> 32);

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

    private void RunChunks(int worker)
    {
        while (HasWork(Volatile.Read(ref _ticket)))
        {
            long claim = Interlocked.Increment(ref _ticket) - 1;
            if (!HasWork(claim))
            {
                return;
            }

            try
            {
                _body((int)claim, worker);
            }
#pragma warning disable CA1031 // Whatever it is, it is thrown again in the caller's thread.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _failure = ExceptionDispatchInfo.Capture(exception);
            }

            Interlocked.Increment(ref _completed);
        }
    }

    private void Work(int worker)
    {
        while (!_stopping)
        {
            int spins = 0;
            while (!HasWork(Volatile.Read(ref _ticket)) && spins < SpinsBeforePark)
            {
                Thread.SpinWait(1);
                spins++;
            }

            if (HasWork(Volatile.Read(ref _ticket)))
            {
                RunChunks(worker);
            }
            else
            {
                Park();
            }
        }
    }

    private void Park()
    {
        lock (_parkLock)
        {
            // Counted before the last look: whoever publishes work after that look sees the count and wakes.
            Interlocked.Increment(ref _parked);
            if (_stopping || HasWork(Interlocked.Read(ref _ticket)))
            {
                _parked--;
                return;
            }
        }

        _wake.Wait();
    }
}
