namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>What calls allocate on the managed heap.</summary>
internal static class Allocations
{
    // The runtime itself allocates once in a while (the event of a lock when threads first meet there); what a call allocates shows every time.
    private const int Calls = 5;

    /// <summary>The fewest bytes that one of several equal calls allocated in this thread, after one that warms up.</summary>
    public static long Least(Action call)
    {
        call();
        long least = long.MaxValue;
        for (int i = 0; i < Calls; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            call();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
