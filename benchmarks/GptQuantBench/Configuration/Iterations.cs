namespace GptQuantBench.Configuration;

/// <summary>How often each phase of a case is measured; BenchmarkDotNet's own options change it.</summary>
/// <param name="WarmUp">Calls that are thrown away.</param>
/// <param name="Measured">Calls that count, in each process.</param>
internal sealed record Iterations(int WarmUp, int Measured)
{
    /// <summary>Every phase once: <c>--smoke</c>.</summary>
    public static Iterations Smoke { get; } = new(0, 1);

    /// <summary>Few enough that six cases end within ten minutes on two CPU cores.</summary>
    public static Iterations Cpu { get; } = new(1, 5);

    /// <summary>A call takes milliseconds here, so the median may rest on more of them.</summary>
    public static Iterations Cuda { get; } = new(3, 20);

    /// <summary>A short form: the points of a sweep are compared with each other, and the main job has the exact figure of one of them.</summary>
    public static Iterations Sweep { get; } = new(2, 10);

    /// <summary>The usual number for a backend.</summary>
    public static Iterations For(string backend) => backend == "cuda" ? Cuda : Cpu;
}
