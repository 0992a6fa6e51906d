using System.Globalization;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.History;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace GptQuantBench.Reporting.Charts;

/// <summary>One figure of one case, run by run, with its levels and the places where the level changed.</summary>
internal sealed class TrendChart : Chart
{
    private const int DataHeight = 190;
    private const int AxisHeight = 48;
    private const int AxisWidth = 68;
    private const int MaxTicks = 6;

    /// <summary>The axis shows at least this share of the median to each side, so that noise does not look like news.</summary>
    private const double LeastRange = 0.05;

    /// <summary>Share of the horizontal axis that stays free at its ends, so that no marker is cut where runs are many.</summary>
    private const double Margin = 0.01;

    private const int DataWidth = Width - AxisWidth - SidePadding;

    /// <summary>The series.</summary>
    public required TrendSeries Series { get; init; }

    /// <inheritdoc />
    public override int Height => (int)HeadingHeight + DataHeight + AxisHeight;

    private IReadOnlyList<TrendPoint> Points => Series.Points;

    private protected override void Draw(Plot plot, ChartTheme theme)
    {
        (double bottom, double top) = Limits();
        StyleAxes(plot, theme);
        plot.Layout.Fixed(new PixelPadding(AxisWidth, SidePadding, AxisHeight, HeadingHeight));
        double room = Math.Max(0.6, Points.Count * Margin);
        plot.Axes.SetLimits(-room, Points.Count - 1 + room, bottom, top);
        plot.Axes.Left.Label.Text = Series.Metric.Unit;
        plot.Axes.Bottom.Label.Text = "runs, oldest first";
        plot.Axes.Left.TickGenerator = new NumericAutomatic { LabelFormatter = ChartTicks.Text, MinimumTickSpacing = 30 };
        plot.Axes.Bottom.TickGenerator = new NumericManual(Ticks());
        plot.Grid.XAxisStyle.IsVisible = false;

        double[] x = [.. Enumerable.Range(0, Points.Count).Select(index => (double)index)];
        double[] y = [.. Points.Select(point => point.Value)];
        DrawLevels(plot, theme);
        plot.Add.Plottable(new ErrorBar(
            x, y, null, null,
            [.. Points.Select(point => Math.Max(0, (point.Spread?.Max ?? point.Value) - point.Value))],
            [.. Points.Select(point => Math.Max(0, point.Value - (point.Spread?.Min ?? point.Value)))])
        {
            Color = theme.MutedColor,
            LineWidth = 1,
            CapSize = 3,
        });
        Scatter line = plot.Add.Scatter(x, y);
        line.Color = Color.FromHex("#0072B2");
        line.LineWidth = 1.5f;
        line.MarkerSize = 7;
        foreach (ChangePoint change in Series.ChangePoints)
        {
            DrawChange(plot, theme, change, plot.Axes.GetLimits());
        }
    }

    private void DrawLevels(Plot plot, ChartTheme theme)
    {
        int[] starts = [0, .. Series.ChangePoints.Select(change => change.Index), Points.Count];
        for (int level = 0; level + 1 < starts.Length; level++)
        {
            double median = SampleStatistics.Median([.. Points.Take(starts[level]..starts[level + 1]).Select(point => point.Value)]) ?? 0;
            LinePlot line = plot.Add.Line(starts[level] - 0.5, median, starts[level + 1] - 0.5, median);
            line.Color = theme.MutedColor.WithAlpha(0.5);
            line.LineWidth = 3;
        }
    }

    private static void DrawChange(Plot plot, ChartTheme theme, ChangePoint change, AxisLimits limits)
    {
        double x = change.Index - 0.5;
        VerticalLine line = plot.Add.VerticalLine(x, 2, Color.FromHex(change.IsImprovement ? "#009E73" : "#D55E00"), LinePattern.Dashed);
        line.ExcludeFromLegend = true;
        string text = $"{FigureFormat.Change(change.Change)} {(change.IsImprovement ? "better" : "worse")}";
        float center = (float)((x - limits.Left) / (limits.Right - limits.Left) * DataWidth);
        float half = ChartText.Width(text, SmallTextSize, isBold: true) / 2;
        Text label = plot.Add.Text(text, x, limits.Top);
        label.LabelStyle.Font = ChartFonts.Instance.Typeface(isBold: true);
        label.LabelFontSize = SmallTextSize;
        label.LabelFontColor = theme.TextColor;
        label.LabelBackgroundColor = theme.BackgroundColor;
        label.LabelAlignment = Alignment.UpperCenter;
        // What lies outside the axes is not drawn: a label at their end would lose its sign or its word.
        label.OffsetX = Math.Clamp(center, half, DataWidth - half) - center;
        label.OffsetY = 2;
    }

    private Tick[] Ticks()
    {
        int step = Math.Max(1, (Points.Count + MaxTicks - 1) / MaxTicks);
        bool isOneDay = Points.Select(point => point.StartedAt.UtcDateTime.Date).Distinct().Count() == 1;
        return
        [
            .. Enumerable.Range(0, Points.Count)
                .Where(index => index % step == 0)
                .Select(index => new Tick(index, Points[index].StartedAt.UtcDateTime.ToString(isOneDay ? "HH:mm" : "yyyy-MM-dd", CultureInfo.InvariantCulture))),
        ];
    }

    private (double Bottom, double Top) Limits()
    {
        double median = SampleStatistics.Median([.. Points.Select(point => point.Value)]) ?? 0;
        double min = Math.Min(Points.Min(point => point.Spread?.Min ?? point.Value), median * (1 - LeastRange));
        double max = Math.Max(Points.Max(point => point.Spread?.Max ?? point.Value), median * (1 + LeastRange));
        double room = max > min ? (max - min) * 0.1 : 1;
        return (Math.Max(0, min - room), max + 2 * room);
    }
}
