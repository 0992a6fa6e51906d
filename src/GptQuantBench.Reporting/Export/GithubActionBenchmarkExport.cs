using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Export;

/// <summary>
/// The custom tools of github-action-benchmark: a list of entries with name, unit and value, and range and extra as text
/// (<c>src/extract.ts</c> there). A file has one direction, so there are two; a file without entries is an error to the action, so it
/// is not written.
/// </summary>
internal static class GithubActionBenchmarkExport
{
    /// <summary>One file for each direction that has figures.</summary>
    public static IEnumerable<(string Name, string Content)> Files(RunReport report)
    {
        foreach ((string name, bool higherIsBetter) in new[] { ("customBiggerIsBetter.json", true), ("customSmallerIsBetter.json", false) })
        {
            (string Case, CaseResult Result, CaseMetric Metric, double Value, Spread? Spread)[] entries =
            [
                .. ExportedCase.Of(report)
                    .SelectMany(exported => ExportedCase.Figures(exported.Case)
                        .Where(figure => figure.Metric.HigherIsBetter == higherIsBetter)
                        .Select(figure => (exported.Name, exported.Case, figure.Metric, figure.Value, figure.Spread))),
            ];
            if (entries.Length > 0)
            {
                yield return (name, ExportJson.Of(json =>
                {
                    json.WriteStartArray();
                    foreach (var entry in entries)
                    {
                        json.WriteStartObject();
                        json.WriteString("name", $"{entry.Case}: {entry.Metric.Name}");
                        json.WriteString("unit", entry.Metric.Unit);
                        json.WriteNumber("value", entry.Value);
                        if (entry.Spread?.MedianAbsoluteDeviation is { } deviation)
                        {
                            json.WriteString("range", $"± {FigureFormat.Number(deviation)}");
                        }

                        json.WriteString("extra", Extra(report.Metadata, entry.Result, entry.Spread));
                        json.WriteEndObject();
                    }

                    json.WriteEndArray();
                }));
            }
        }
    }

    private static string Extra(RunMetadata metadata, CaseResult result, Spread? spread) => string.Join('\n', new[]
    {
        result.Device is null ? null : $"device: {result.Device}",
        metadata.Driver is null ? null : $"driver: {metadata.Driver}",
        spread?.Count is { } count ? $"samples: {FigureFormat.Count(count)}" : null,
        result.Weights is null ? null : $"weights: {(result.Weights == WeightKind.Real ? "real" : "synthetic")}",
    }.OfType<string>());
}
