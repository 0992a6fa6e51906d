using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>Leaked memory in words.</summary>
internal static class LeakVerdict
{
    /// <summary>The amounts that were measured, by who measured them.</summary>
    public static string Amounts(LeakedBytes leaked) => string.Join(", ", Parts(leaked));

    private static IEnumerable<string> Parts(LeakedBytes leaked)
    {
        if (leaked.Allocator is { } allocator)
        {
            yield return $"allocator {FigureFormat.Bytes(allocator)}";
        }

        if (leaked.Driver is { } driver)
        {
            yield return $"driver {FigureFormat.Bytes(driver)}";
        }
    }
}
