namespace GptQuantBench.Configuration;

/// <summary>
/// Settings of the .NET runtime that benchmark processes must share with the host, so that in-process and out-of-process figures
/// agree: BenchmarkDotNet's generated program does not take them from our project file, but processes inherit the environment.
/// </summary>
internal static class RuntimeSettings
{
    private static readonly (string Variable, string Value)[] _settings =
    [
        // Methods with loops are compiled once, optimised; kernels would otherwise run their first calls unoptimised.
        ("DOTNET_TC_QuickJitForLoops", "0"),
        ("DOTNET_TieredPGO", "0"),
        ("DOTNET_gcConcurrent", "0"),
        // Our project asks for it: numbers have a point on every machine, and no ICU is needed.
        ("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"),
    ];

    /// <summary>Puts the settings into the environment that processes inherit.</summary>
    public static void PublishToBenchmarkProcesses()
    {
        foreach (var (variable, value) in _settings)
        {
            Environment.SetEnvironmentVariable(variable, value);
        }
    }
}
