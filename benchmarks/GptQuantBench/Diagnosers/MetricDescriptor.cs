using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;

namespace GptQuantBench.Diagnosers;

/// <summary>A figure that gets a column of its own in BenchmarkDotNet's tables and an entry in its JSON.</summary>
/// <param name="Id">Unique over all diagnosers.</param>
/// <param name="DisplayName">Heading of the column.</param>
/// <param name="Legend">One sentence under the table.</param>
/// <param name="UnitType">Size expects bytes, Time nanoseconds.</param>
/// <param name="Unit">Name of the unit for figures without a unit type.</param>
/// <param name="NumberFormat">.NET format of the number.</param>
/// <param name="TheGreaterTheBetter">Direction.</param>
internal sealed record MetricDescriptor(
    string Id,
    string DisplayName,
    string Legend,
    UnitType UnitType,
    string Unit,
    string NumberFormat,
    bool TheGreaterTheBetter = false) : IMetricDescriptor
{
    /// <inheritdoc />
    public int PriorityInCategory => 0;

    /// <inheritdoc />
    public bool GetIsAvailable(Metric metric) => true;

    /// <summary>Bytes.</summary>
    public static MetricDescriptor Bytes(string id, string name, string legend) => new(id, name, legend, UnitType.Size, "B", "0.###");

    /// <summary>A duration in nanoseconds.</summary>
    public static MetricDescriptor Time(string id, string name, string legend) => new(id, name, legend, UnitType.Time, "ns", "0.###");
}
