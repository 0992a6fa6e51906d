using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Export;

/// <summary>
/// Bencher Metric Format: benchmark → measure → value with its bounds (bencher.dev/docs/reference/bencher-metric-format). A measure's
/// name is a slug; its unit and direction are set once in Bencher. The bounds are the smallest and the largest sample.
/// </summary>
internal static class BencherExport
{
    // Longer names are refused by Bencher.
    private const int LongestName = 1024;

    /// <summary>The JSON text.</summary>
    public static string Of(RunReport report) => ExportJson.Of(json =>
    {
        json.WriteStartObject();
        foreach ((string name, CaseResult result) in ExportedCase.Of(report))
        {
            json.WriteStartObject(name.Length <= LongestName ? name : name[..LongestName]);
            foreach (var (metric, value, spread) in ExportedCase.Figures(result))
            {
                json.WriteStartObject(metric.Key.Replace('_', '-'));
                json.WriteNumber("value", value);
                if (spread is { Min: { } smallest, Max: { } largest })
                {
                    json.WriteNumber("lower_value", smallest);
                    json.WriteNumber("upper_value", largest);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    });
}
