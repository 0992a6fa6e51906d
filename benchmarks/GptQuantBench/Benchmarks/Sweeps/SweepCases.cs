namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>Parameters of the sweeps' benchmark classes.</summary>
public static class SweepCases
{
    /// <summary>The models of the sweeps.</summary>
    public static IEnumerable<string> Models => Settings.ContextLengths.Keys;

    /// <summary>The formats of the sweeps.</summary>
    public static IEnumerable<string> Formats => Settings.Formats;

    private static SweepSettings Settings =>
        RunSettings.Current.Sweeps ?? throw new InvalidOperationException("The run has no sweeps.");
}
