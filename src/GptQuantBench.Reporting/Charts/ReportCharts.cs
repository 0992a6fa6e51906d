using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Charts;

/// <summary>All charts of a report.</summary>
public static class ReportCharts
{
    /// <summary>The charts for which the report has figures, in reading order; their names never change.</summary>
    public static IReadOnlyList<Chart> Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var cases = new ChartCases(report);
        return
        [
            .. new Chart?[]
            {
                Bars(cases, "throughput", "Throughput", "tokens per second; longer is faster", "tokens/s", result => result.ThroughputTokensPerSec, spread => spread.ThroughputTokensPerSec),
                Memory(cases),
                Bars(cases, "first-token", "First-token latency", "milliseconds, warm; shorter is faster", "ms", result => result.FirstTokenLatencyMs, spread => spread.FirstTokenLatencyMs),
                Bars(cases, "load-time", "Load time", "seconds from opening the files to ready; shorter is faster", "s", result => result.LoadTimeSec, spread => spread.LoadTimeSec),
                TradeOffCharts.SpeedQuality(cases) ?? TradeOffCharts.SpeedMemory(cases),
                TradeOffCharts.MemoryQuality(cases),
                RooflineChart.Of(cases),
            }.OfType<Chart>(),
            .. SweepCharts.Of(report),
        ];
    }

    private static BarChart? Bars(
        ChartCases cases, string name, string title, string axis, string unit, Func<CaseResult, double?> figure, Func<CaseSpread, Spread?> spread) =>
        cases.BarChart(name, title, axis, unit, hasSpread: true, (result, row) =>
        {
            Spread? range = result.Spread is { } all ? spread(all) : null;
            return row with { Value = figure(result), Min = range?.Min, Max = range?.Max };
        });

    private static BarChart? Memory(ChartCases cases)
    {
        bool isSmall = cases.Succeeded.All(result => result.MemoryGb is null or < 0.2);
        return cases.BarChart(
            "memory", "Memory", isSmall ? "MB of weights that stay resident; shorter is smaller" : "GB of weights that stay resident; shorter is smaller",
            isSmall ? "MB" : "GB", hasSpread: false, (result, row) => row with { Value = isSmall ? result.MemoryGb * 1e3 : result.MemoryGb });
    }
}
