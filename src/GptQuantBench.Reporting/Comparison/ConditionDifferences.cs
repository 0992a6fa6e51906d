using System.Globalization;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Comparison;

/// <summary>Where two runs were not made under the same conditions.</summary>
internal static class ConditionDifferences
{
    private static readonly (string Name, Func<RunMetadata, object?> Value)[] _conditions =
    [
        ("GPU", metadata => metadata.Gpu),
        ("GPU memory (GB)", metadata => metadata.TotalVramGb),
        ("Driver", metadata => metadata.Driver),
        ("CUDA", metadata => metadata.CudaVersion),
        ("SM clock (MHz)", metadata => metadata.Clocks?.SmMhz),
        ("Memory clock (MHz)", metadata => metadata.Clocks?.MemoryMhz),
        ("Highest SM clock (MHz)", metadata => metadata.Clocks?.MaxSmMhz),
        ("Highest memory clock (MHz)", metadata => metadata.Clocks?.MaxMemoryMhz),
        ("CPU", metadata => metadata.Host?.Cpu),
        ("Cores", metadata => metadata.Host?.Cores),
        ("Main memory (GB)", metadata => metadata.Host?.RamGb),
        ("Operating system", metadata => metadata.Host?.Os),
        ("Runtime", metadata => metadata.Host?.Runtime),
        ("Processes", metadata => metadata.Toolchain),
    ];

    /// <summary>One sentence for each condition that both reports name, or only one, and differently.</summary>
    public static IEnumerable<string> Of(RunMetadata before, RunMetadata after) => _conditions
        .Select(condition => (condition.Name, Before: condition.Value(before), After: condition.Value(after)))
        .Where(condition => !Equals(condition.Before, condition.After))
        .Select(condition => $"{condition.Name} differs: {Text(condition.Before)}, now {Text(condition.After)}.");

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "unknown";
}
