using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Charts;

/// <summary>What a format buys, in speed or memory, against what it costs.</summary>
internal static class TradeOffCharts
{
    private const string SpeedLabel = "tokens per second; further right is faster";
    private const string LossLabel = "perplexity above FP16, %; lower is better";

    /// <summary>Throughput against the loss of quality; null where no case has a perplexity beside FP16's.</summary>
    public static ScatterChart? SpeedQuality(ChartCases cases) =>
        Quality(cases, "speed-quality", "Speed against quality", SpeedLabel, result => result.ThroughputTokensPerSec);

    /// <summary>Memory against the loss of quality; null where no case has a perplexity beside FP16's.</summary>
    public static ScatterChart? MemoryQuality(ChartCases cases) =>
        Quality(cases, "memory-quality", "Memory against quality", "GB of weights; further left is smaller", result => result.MemoryGb);

    /// <summary>Throughput against memory; null where no case has both.</summary>
    public static ScatterChart? SpeedMemory(ChartCases cases) => Chart(
        cases,
        "speed-memory",
        "Speed against memory",
        SpeedLabel,
        "GB of weights; lower is smaller",
        result => result.ThroughputTokensPerSec,
        result => result.MemoryGb);

    private static ScatterChart? Quality(ChartCases cases, string name, string title, string xLabel, Func<CaseResult, double?> x)
    {
        Dictionary<CaseResult, double?> changes = new(ReferenceEqualityComparer.Instance);
        foreach (CaseComparison comparison in CaseComparison.Of(cases.Report))
        {
            if (comparison.PerplexityChange is { } change)
            {
                changes[comparison.Case] = change * 100;
                changes[comparison.Baseline!] = 0;
            }
        }

        return changes.Count == 0 ? null : Chart(cases, name, title, xLabel, LossLabel, x, result => changes.GetValueOrDefault(result));
    }

    private static ScatterChart? Chart(
        ChartCases cases, string name, string title, string xLabel, string yLabel, Func<CaseResult, double?> x, Func<CaseResult, double?> y)
    {
        bool isOneModel = cases.Groups.Count == 1;
        ScatterPoint[][] series =
        [
            .. cases.Groups.Select(group => Series(group, isOneModel ? "" : group.Key + " ", x, y)).Where(points => points.Length > 0),
        ];
        return series.Length == 0 ? null : new ScatterChart
        {
            Name = name,
            Title = title,
            Subtitles = [.. new[] { isOneModel ? cases.Groups[0].Key : "", cases.Subtitle }.Where(line => line.Length > 0)],
            Description = string.Join(" ", series.SelectMany(points => points)
                .Select(point => $"{point.Label}: {FigureFormat.Number(point.X)} {xLabel.Split(';')[0]}, {FigureFormat.Number(point.Y)} {yLabel.Split(';')[0]}.")),
            XLabel = xLabel,
            YLabel = yLabel,
            Series = series,
            Colors = cases.Colors,
        };
    }

    private static ScatterPoint[] Series(IEnumerable<CaseResult> group, string prefix, Func<CaseResult, double?> x, Func<CaseResult, double?> y) =>
    [
        .. from result in @group
           let horizontal = Ratio.Finite(x(result))
           let vertical = Ratio.Finite(y(result))
           where result.Success && horizontal is not null && vertical is not null
           select new ScatterPoint(prefix + ChartCases.Label(@group, result), result.Quantization, horizontal.Value, vertical.Value),
    ];
}
