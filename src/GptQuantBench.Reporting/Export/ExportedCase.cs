using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Export;

/// <summary>Cases as trackers see them: a name that stays the same from run to run, and figures.</summary>
internal static class ExportedCase
{
    /// <summary>The cases that succeeded, each with a name of its own.</summary>
    public static IEnumerable<(string Name, CaseResult Case)> Of(RunReport report)
    {
        CaseResult[] cases = [.. report.Results.Where(result => result.Success)];
        // In the report of one machine the device would only change the name when the driver renames it.
        bool needsDevice = cases.DistinctBy(Name).Count() < cases.Length;
        return cases.Select(result => (needsDevice ? $"{Name(result)} {result.Device}" : Name(result), result));
    }

    /// <summary>The figures that a case has.</summary>
    public static IEnumerable<(CaseMetric Metric, double Value, Spread? Spread)> Figures(CaseResult result) => CaseMetrics.All
        .Where(metric => Ratio.Finite(metric.Value(result)) is not null)
        .Select(metric => (metric, metric.Value(result)!.Value, metric.SpreadOf(result)));

    private static string Name(CaseResult result) =>
        string.Join(' ', new[] { result.ModelName, result.Quantization, result.Backend, result.Decode }.Where(part => !string.IsNullOrEmpty(part)));
}
