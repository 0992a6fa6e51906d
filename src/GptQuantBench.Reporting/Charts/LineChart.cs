using GptQuantBench.Reporting.Figures;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace GptQuantBench.Reporting.Charts;

/// <summary>
/// One line for each series over the points of a sweep, its name at its right end. Axes are logarithmic where asked: then equal steps are
/// equal factors, and a straight line is a power of what is swept.
/// </summary>
internal sealed class LineChart : Chart
{
    private const int DataHeight = 300;
    private const int AxisHeight = 48;
    private const int AxisWidth = 68;
    private const int MarkerSize = 8;
    private const int LabelHeight = 16;
    private const int LabelDistance = 10;
    private const int MaxLabelWidth = 190;
    private const int TicksAtMost = 7;

    /// <summary>Share of an axis that stays free at its ends, so that no marker is cut.</summary>
    private const double Margin = 0.05;

    private static readonly MarkerShape[] _shapes =
        [MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledDiamond, MarkerShape.FilledTriangleUp];

    /// <summary>What is swept, with its unit.</summary>
    public required string XLabel { get; init; }

    /// <summary>What was measured, with its unit.</summary>
    public required string YLabel { get; init; }

    /// <summary>Whether the horizontal axis is logarithmic; every point must then be above 0.</summary>
    public required bool HasLogX { get; init; }

    /// <summary>Whether the vertical axis is logarithmic; else it contains 0.</summary>
    public required bool HasLogY { get; init; }

    /// <summary>Points in ascending order of X; the label of the last stands at the line's end.</summary>
    public required IReadOnlyList<LineSeries> Series { get; init; }

    /// <summary>Colours of the formats.</summary>
    public required FormatColors Colors { get; init; }

    /// <inheritdoc />
    public override int Height => (int)HeadingHeight + DataHeight + AxisHeight;

    private protected override void Draw(Plot plot, ChartTheme theme)
    {
        double[] xs = [.. Series.SelectMany(series => series.Points).Select(point => point.X).Distinct().Order()];
        double[] ys = [.. Series.SelectMany(series => series.Points).Select(point => point.Y)];
        (double left, double right) = Limits([.. xs.Select(X)]);
        (double bottom, double top) = Limits(HasLogY ? [.. ys.Select(Math.Log10)] : [0, .. ys]);
        string[] labels = [.. Series.Select(series => ChartText.Fit(series.Label, MaxLabelWidth, TextSize))];
        double xPerPixel = (right - left) / (Width - AxisWidth - SidePadding - LabelDistance - labels.Max(label => ChartText.Width(label, TextSize)));
        StyleAxes(plot, theme);
        plot.Layout.Fixed(new PixelPadding(AxisWidth, SidePadding, AxisHeight, HeadingHeight));
        // Room for the names: what lies outside the axes is not drawn.
        plot.Axes.SetLimits(left, left + (Width - AxisWidth - SidePadding) * xPerPixel, HasLogY ? bottom : Math.Min(0, bottom + (top - bottom) * Margin), top);
        plot.Axes.Bottom.Label.Text = XLabel;
        plot.Axes.Left.Label.Text = YLabel;
        plot.Axes.Bottom.TickGenerator = new NumericManual([.. xs.Select(x => new Tick(X(x), ChartTicks.Text(x)))]);
        plot.Axes.Left.TickGenerator = HasLogY
            ? new NumericManual([.. LogTicks(bottom, top).Select(value => new Tick(Math.Log10(value), FigureFormat.Number(value)))])
            : new NumericAutomatic { LabelFormatter = ChartTicks.Text, MinimumTickSpacing = 30 };
        for (int index = 0; index < Series.Count; index++)
        {
            DrawSeries(plot, Series[index]);
        }

        DrawLabels(plot, theme, labels, right + LabelDistance * xPerPixel, plot.Axes.GetLimits());
    }

    private void DrawSeries(Plot plot, LineSeries series)
    {
        Scatter line = plot.Add.Scatter(series.Points.Select(point => new Coordinates(X(point.X), Y(point.Y))).ToArray());
        line.Color = Colors.Of(series.Format);
        line.LineWidth = 2;
        line.MarkerShape = _shapes[series.Group % _shapes.Length];
        line.MarkerSize = MarkerSize;
    }

    /// <summary>Names at the ends of the lines, moved apart where lines end close to each other.</summary>
    private void DrawLabels(Plot plot, ChartTheme theme, string[] labels, double x, AxisLimits limits)
    {
        double pixel = (limits.Top - limits.Bottom) / DataHeight;
        int[] order = [.. Enumerable.Range(0, Series.Count).OrderBy(index => Y(Series[index].Points[^1].Y))];
        double[] places = [.. order.Select(index => Y(Series[index].Points[^1].Y))];
        double step = LabelHeight * pixel;
        for (int i = 1; i < places.Length; i++)
        {
            places[i] = Math.Max(places[i], places[i - 1] + step);
        }

        for (int i = places.Length - 1; i >= 0; i--)
        {
            places[i] = Math.Min(places[i], limits.Top - step / 2 - (places.Length - 1 - i) * step);
        }

        for (int i = 0; i < order.Length; i++)
        {
            Text label = plot.Add.Text(labels[order[i]], x, places[i]);
            label.LabelStyle.Font = ChartFonts.Instance.Typeface(isBold: false);
            label.LabelFontSize = TextSize;
            label.LabelFontColor = theme.TextColor;
            label.LabelBackgroundColor = theme.BackgroundColor;
            label.LabelAlignment = Alignment.MiddleLeft;
        }
    }

    private double X(double value) => HasLogX ? Math.Log10(value) : value;

    private double Y(double value) => HasLogY ? Math.Log10(value) : value;

    private static (double Start, double End) Limits(double[] values)
    {
        (double min, double max) = (values.Min(), values.Max());
        double room = max > min ? (max - min) * Margin : Math.Max(Math.Abs(max), 1) * Margin;
        return (min - room, max + room);
    }

    /// <summary>1, 2, 5 of every decade; the ones alone where those would be too many.</summary>
    private static IEnumerable<double> LogTicks(double bottom, double top)
    {
        double[] all = [.. Values([1, 2, 5])];
        return all.Length <= TicksAtMost ? all : Values([1]);

        IEnumerable<double> Values(int[] digits) =>
            from decade in Enumerable.Range((int)Math.Floor(bottom), (int)Math.Ceiling(top) - (int)Math.Floor(bottom) + 1)
            from digit in digits
            let value = digit * Math.Pow(10, decade)
            where Math.Log10(value) >= bottom && Math.Log10(value) <= top
            select value;
    }
}
