namespace GptQuantBench.Benchmarks.Kernels;

/// <summary>Parameters of the kernels' benchmark class.</summary>
public static class KernelCases
{
    /// <summary>The kernels of the run.</summary>
    public static IEnumerable<string> Kernels => Settings.Kernels.Values.SelectMany(kernels => kernels).Distinct();

    /// <summary>The formats of the run.</summary>
    public static IEnumerable<string> Formats => Settings.Kernels.Keys;

    private static KernelSettings Settings =>
        RunSettings.Current.KernelBenchmarks ?? throw new InvalidOperationException("The run has no kernel benchmarks.");
}
