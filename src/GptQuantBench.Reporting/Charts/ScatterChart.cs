using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace GptQuantBench.Reporting.Charts;

/// <summary>Points, each with its name beside it; a line joins the few of one model. The vertical axis contains zero.</summary>
internal sealed class ScatterChart : Chart
{
    private const int DataHeight = 320;
    private const int AxisHeight = 48;
    private const int AxisWidth = 64;
    private const int MarkerSize = 11;
    private const int MaxLabelWidth = 230;
    private const int LabelHeight = 16;
    private const int MaxJoined = 4;

    /// <summary>Share of an axis that stays free at its ends, so that no marker is cut.</summary>
    private const double Margin = 0.06;

    private static readonly MarkerShape[] _shapes =
        [MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledDiamond, MarkerShape.FilledTriangleUp];

    /// <summary>Unit of the horizontal axis, with what it measures.</summary>
    public required string XLabel { get; init; }

    /// <summary>Unit of the vertical axis, with what it measures.</summary>
    public required string YLabel { get; init; }

    /// <summary>Points of each model.</summary>
    public required IReadOnlyList<IReadOnlyList<ScatterPoint>> Series { get; init; }

    /// <summary>Colours of the formats.</summary>
    public required FormatColors Colors { get; init; }

    /// <inheritdoc />
    public override int Height => (int)HeadingHeight + DataHeight + AxisHeight;

    private protected override void Draw(Plot plot, ChartTheme theme)
    {
        ScatterPoint[] points = [.. Series.SelectMany(series => series)];
        (double left, double right) = Limits(points.Select(point => point.X), hasZero: false);
        (double bottom, double top) = Limits(points.Select(point => point.Y), hasZero: true);
        StyleAxes(plot, theme);
        plot.Layout.Fixed(new PixelPadding(AxisWidth, SidePadding, AxisHeight, HeadingHeight));
        plot.Axes.SetLimits(left, right, bottom, top);
        plot.Axes.Bottom.Label.Text = XLabel;
        plot.Axes.Left.Label.Text = YLabel;
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { LabelFormatter = ChartTicks.Text, MinimumTickSpacing = 40 };
        plot.Axes.Left.TickGenerator = new NumericAutomatic { LabelFormatter = ChartTicks.Text, MinimumTickSpacing = 30 };
        DrawZero(plot, theme, plot.Add.Line(left, bottom, left, top));
        DrawZero(plot, theme, plot.Add.Line(left, 0, right, 0));
        for (int index = 0; index < Series.Count; index++)
        {
            DrawSeries(plot, theme, Series[index], _shapes[index % _shapes.Length]);
        }

        float width = Width - AxisWidth - SidePadding;
        double xPixels = width / (right - left);
        double yPixels = DataHeight / (top - bottom);
        Pixel[] centers = [.. points.Select(point => new Pixel((point.X - left) * xPixels, (top - point.Y) * yPixels))];
        string[] labels = [.. points.Select(point => ChartText.Fit(point.Label, MaxLabelWidth, TextSize))];
        PixelSize[] sizes = [.. labels.Select(label => new PixelSize(ChartText.Width(label, TextSize), LabelHeight))];
        PixelRect[] places = LabelPlacement.Place(centers, sizes, new PixelRect(0, width, DataHeight, 0), MarkerSize / 2f);
        Coordinates At(Pixel pixel) => new(left + pixel.X / xPixels, top - pixel.Y / yPixels);
        for (int index = 0; index < labels.Length; index++)
        {
            DrawLabel(plot, theme, labels[index], At(places[index].LeftCenter));
            DrawLeader(plot, theme, centers[index], places[index], At);
        }
    }

    private void DrawSeries(Plot plot, ChartTheme theme, IReadOnlyList<ScatterPoint> series, MarkerShape shape)
    {
        if (series.Count <= MaxJoined)
        {
            Scatter line = plot.Add.ScatterLine(series.Select(point => new Coordinates(point.X, point.Y)).ToArray());
            line.Color = theme.MutedColor.WithAlpha(0.6);
            line.LineWidth = 1;
        }

        foreach (ScatterPoint point in series)
        {
            plot.Add.Marker(point.X, point.Y, shape, MarkerSize, Colors.Of(point.Format));
        }
    }

    private static void DrawZero(Plot plot, ChartTheme theme, LinePlot line)
    {
        line.Color = theme.MutedColor;
        line.LineWidth = 1.5f;
        plot.MoveToBack(line);
    }

    private static void DrawLabel(Plot plot, ChartTheme theme, string text, Coordinates leftCenter)
    {
        Text label = plot.Add.Text(text, leftCenter);
        label.LabelStyle.Font = ChartFonts.Instance.Typeface(isBold: false);
        label.LabelFontSize = TextSize;
        label.LabelFontColor = theme.TextColor;
        label.LabelBackgroundColor = theme.BackgroundColor;
        label.LabelAlignment = Alignment.MiddleLeft;
    }

    /// <summary>Joins a point with a label that had to move away from it.</summary>
    private static void DrawLeader(Plot plot, ChartTheme theme, Pixel center, PixelRect label, Func<Pixel, Coordinates> at)
    {
        var nearest = new Pixel(Math.Clamp(center.X, label.Left, label.Right), Math.Clamp(center.Y, label.Top, label.Bottom));
        if (nearest.DistanceFrom(center) > MarkerSize)
        {
            LinePlot leader = plot.Add.Line(at(center), at(nearest));
            leader.Color = theme.MutedColor;
            leader.LineWidth = 1;
            plot.MoveToBack(leader);
        }
    }

    /// <summary>From zero where that is part of the picture, else around the values.</summary>
    private static (double Start, double End) Limits(IEnumerable<double> values, bool hasZero)
    {
        double[] all = [.. values];
        (double min, double max) = (all.Min(), all.Max());
        if (hasZero || min < max / 2)
        {
            (min, max) = (Math.Min(min, 0), Math.Max(max, 0));
        }

        double room = max > min ? (max - min) * Margin : Math.Max(Math.Abs(max), 1) * Margin;
        bool isFromZero = min == 0 && all.Min() > room;
        return (isFromZero ? 0 : min - room, max + 2 * room);
    }
}
