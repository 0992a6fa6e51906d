using System.Diagnostics;

namespace GptQuantBench.Inference.Tests.Soak;

/// <summary>What a process holds.</summary>
internal readonly record struct ProcessState(long ManagedBytes, long ResidentBytes, int Handles, int Threads)
{
    /// <summary>This process, after a collection.</summary>
    public static ProcessState Now()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using Process process = Process.GetCurrentProcess();
        return new(GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64, process.HandleCount, process.Threads.Count);
    }
}
