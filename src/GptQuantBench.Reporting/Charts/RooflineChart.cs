using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Charts;

/// <summary>Time of one token, and the part of it that reading the weights must take.</summary>
internal static class RooflineChart
{
    private const double MillisecondsFromUs = 10_000;

    /// <summary>The chart; null where no case has a floor.</summary>
    public static BarChart? Of(ChartCases cases)
    {
        if (!cases.Succeeded.Any(result => result.Roofline?.FloorUs is not null))
        {
            return null;
        }

        bool isSlow = cases.Succeeded.Any(result => InterToken.MeanMs(result) * 1e3 >= MillisecondsFromUs);
        double scale = isSlow ? 1e-3 : 1;
        string unit = isSlow ? "ms" : "µs";
        BarChart? chart = cases.BarChart("roofline", "Roofline: floor against reached", $"{unit} per token; shorter is faster", unit, hasSpread: false, (result, row) =>
        {
            double? token = InterToken.MeanMs(result) * 1e3 * scale;
            double? floor = result.Roofline?.FloorUs * scale;
            return row with
            {
                Value = token,
                Part = floor ?? 0,
                Text = floor is null ? "" : $"{FigureFormat.Number(token)} {unit}, floor {FigureFormat.Number(floor)} ({FigureFormat.Percent(result.Roofline?.Fraction)})",
            };
        });
        return chart is null ? null : new BarChart
        {
            Name = chart.Name,
            Title = chart.Title,
            Subtitles = [.. chart.Subtitles, "Full colour: reading the weights once at the measured bandwidth. Light: everything else."],
            Description = chart.Description,
            AxisLabel = chart.AxisLabel,
            Groups = chart.Groups,
            Colors = chart.Colors,
        };
    }
}
