using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Charts;

/// <summary>The sweeps of a report as lines, one for each model and format.</summary>
internal static class SweepCharts
{
    /// <summary>The charts of the sweeps that have at least two points on a line.</summary>
    public static IEnumerable<LineChart> Of(RunReport report) => new[]
    {
        Chart(
            report, SweepResult.PromptLength, "prompt-length", "First token by prompt length", "tokens of the prompt",
            "milliseconds to the first token; lower is faster", row => row.PromptTokens, row => row.FirstTokenLatencyMs, hasLogX: true, hasLogY: true),
        Chart(
            report, SweepResult.Depth, "depth", "Throughput by depth", "tokens in the KV cache before the first step",
            "tokens per second; higher is faster", row => row.DepthTokens, row => row.ThroughputTokensPerSec, hasLogX: false, hasLogY: false),
        Chart(
            report, SweepResult.BatchSizes, "batch-size", "Throughput by batch size", "sequences that decode together",
            "tokens per second, all together; higher is faster", row => row.BatchSize, row => row.ThroughputTokensPerSec, hasLogX: true, hasLogY: true),
    }.OfType<LineChart>();

    private static LineChart? Chart(
        RunReport report, string sweep, string name, string title, string xLabel, string yLabel,
        Func<SweepResult, double?> x, Func<SweepResult, double?> y, bool hasLogX, bool hasLogY)
    {
        SweepResult[] rows = [.. report.Sweeps.Where(row => row.Sweep == sweep && row.Success)];
        string[] models = [.. rows.Select(row => row.ModelName).Distinct()];
        string[] devices = [.. rows.Select(row => row.Device).OfType<string>().Distinct()];
        LineSeries[] series =
        [
            .. rows.GroupBy(row => (row.ModelName, row.Quantization, row.Device))
                .Select(line => new LineSeries(
                    string.Join(' ', new[] { models.Length > 1 ? line.Key.ModelName : "", line.Key.Quantization, devices.Length > 1 ? line.Key.Device : "" }
                        .Where(part => !string.IsNullOrEmpty(part))),
                    line.Key.Quantization,
                    Array.IndexOf(models, line.Key.ModelName),
                    [.. Points(line)]))
                .Where(line => line.Points.Count > 0),
        ];
        return !series.Any(line => line.Points.Count > 1) ? null : new LineChart
        {
            Name = name,
            Title = title,
            Subtitles = [.. new[] { string.Join(", ", [.. models.Length == 1 ? models : [], .. devices.Length == 1 ? devices : []]) }.Where(line => line.Length > 0)],
            Description = string.Join(" ", series.Select(line =>
                $"{line.Label}: {string.Join(", ", line.Points.Select(point => $"{FigureFormat.Number(point.Y)} at {ChartTicks.Text(point.X)}"))} ({yLabel.Split(';')[0]} by {xLabel}).")),
            XLabel = xLabel,
            YLabel = yLabel,
            HasLogX = hasLogX,
            HasLogY = hasLogY,
            Series = series,
            Colors = new FormatColors(report.Results.Select(row => row.Quantization).Concat(rows.Select(row => row.Quantization))),
        };

        IEnumerable<(double X, double Y)> Points(IEnumerable<SweepResult> line) =>
            from row in line
            let horizontal = Ratio.Finite(x(row))
            let vertical = Ratio.Finite(y(row))
            where horizontal is not null && vertical is > 0 && (!hasLogX || horizontal > 0)
            orderby horizontal
            select (horizontal.Value, vertical.Value);
    }
}
