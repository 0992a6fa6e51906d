using GptQuantBench.Inference.Backends.Cpu;

namespace GptQuantBench.Inference.Tests.Backends;

public class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_chunk_runs_exactly_once_in_every_region(int threads)
    {
        using WorkerPool pool = new(threads);
        int[] counts = new int[40];
        Action<int, int> body = (chunk, worker) =>
        {
            Assert.InRange(worker, 0, threads - 1);
            Interlocked.Increment(ref counts[chunk]);
        };
        int[] expected = new int[40];
        for (int region = 0; region < 2000; region++)
        {
            int chunks = region % 41;
            pool.Run(chunks, body);
            for (int chunk = 0; chunk < chunks; chunk++)
            {
                expected[chunk]++;
            }

            Assert.Equal(expected, counts);
        }
    }

    [Fact]
    public void Workers_wake_after_they_parked()
    {
        using WorkerPool pool = new(3);
        int total = 0;
        Action<int, int> body = (_, _) => Interlocked.Increment(ref total);
        for (int round = 1; round <= 5; round++)
        {
            Thread.Sleep(30);
            pool.Run(100, body);
            Assert.Equal(100 * round, total);
        }
    }

    [Fact]
    public void Several_threads_work()
    {
        using WorkerPool pool = new(2);
        using Barrier both = new(2);

        // Each chunk waits for the other: with one thread this would never end.
        pool.Run(2, (_, _) => Assert.True(both.SignalAndWait(TimeSpan.FromSeconds(30))));
    }

    [Fact]
    public void An_exception_reaches_the_caller_and_the_pool_goes_on()
    {
        using WorkerPool pool = new(2);
        for (int bad = 0; bad < 20; bad++)
        {
            InvalidOperationException exception = Assert.Throws<InvalidOperationException>(
                () => pool.Run(20, (chunk, _) => _ = chunk == bad ? throw new InvalidOperationException($"chunk {bad}") : 0));
            Assert.Equal($"chunk {bad}", exception.Message);
            int total = 0;
            pool.Run(20, (_, _) => Interlocked.Increment(ref total));
            Assert.Equal(20, total);
        }
    }
}
