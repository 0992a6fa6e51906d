namespace GptQuantBench.Benchmarks;

/// <summary>Memory of this process as the operating system sees it.</summary>
internal static class ResidentSet
{
    /// <summary>Bytes that are resident now, after garbage has been given back.</summary>
    public static long Bytes
    {
        get
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Environment.WorkingSet;
        }
    }
}
