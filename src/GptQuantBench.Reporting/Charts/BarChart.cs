using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace GptQuantBench.Reporting.Charts;

/// <summary>Horizontal bars from zero in groups, each with its value and the range of its samples.</summary>
internal sealed class BarChart : Chart
{
    private const int RowHeight = 25;
    private const int BarHeight = 17;
    private const int GroupHeadingHeight = 28;
    private const int BottomGap = 6;
    private const int AxisHeight = 48;
    private const int LabelGap = 8;
    private const int MaxLabelWidth = 170;
    private const int CapSize = 4;
    private const double RestOpacity = 0.35;

    /// <summary>Unit of the axis, with what it measures.</summary>
    public required string AxisLabel { get; init; }

    /// <summary>The bars.</summary>
    public required IReadOnlyList<BarGroup> Groups { get; init; }

    /// <summary>Colours of the formats.</summary>
    public required FormatColors Colors { get; init; }

    /// <inheritdoc />
    public override int Height => (int)HeadingHeight + DataHeight + AxisHeight;

    private int DataHeight => Groups.Sum(group => GroupHeadingHeight + group.Rows.Count * RowHeight) + BottomGap;

    private protected override void Draw(Plot plot, ChartTheme theme)
    {
        BarRow[] rows = [.. Groups.SelectMany(group => group.Rows)];
        float labelWidth = rows.Select(row => ChartText.Width(Label(row), TextSize)).DefaultIfEmpty().Max();
        float left = SidePadding + labelWidth + LabelGap;
        float dataWidth = Width - left - SidePadding;
        double end = AxisEnd(rows, dataWidth);

        StyleAxes(plot, theme);
        plot.Layout.Fixed(new PixelPadding(left, SidePadding, AxisHeight, HeadingHeight));
        plot.Axes.SetLimits(0, end, -DataHeight, 0);
        plot.Axes.Bottom.Label.Text = AxisLabel;
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { LabelFormatter = ChartTicks.Text, MinimumTickSpacing = 40 };
        plot.Grid.YAxisStyle.IsVisible = false;
        plot.Axes.Left.TickLabelStyle.FontSize = TextSize;
        plot.Axes.Left.TickGenerator = new NumericManual(DrawGroups(plot, theme, dataWidth / end, dataWidth));
        LinePlot zero = plot.Add.Line(0, -DataHeight, 0, 0);
        zero.Color = theme.MutedColor;
        zero.LineWidth = 1.5f;
    }

    /// <summary>Draws all groups; returns the ticks of the bars' labels.</summary>
    private Tick[] DrawGroups(Plot plot, ChartTheme theme, double pixelsPerUnit, float dataWidth)
    {
        var ticks = new List<Tick>();
        double top = 0;
        foreach (BarGroup group in Groups)
        {
            string heading = ChartText.Fit(group.Heading, dataWidth - 2 * LabelGap, TextSize, isBold: true);
            Write(plot, theme, heading, top - GroupHeadingHeight / 2.0 - 3, LabelGap, theme.TextColor, isBold: true);
            top -= GroupHeadingHeight;
            foreach (BarRow row in group.Rows)
            {
                double middle = top - RowHeight / 2.0;
                ticks.Add(new Tick(middle, Label(row)));
                DrawBar(plot, row, middle);
                DrawWhisker(plot, theme, row, middle);
                float offset = (float)(row.End * pixelsPerUnit) + LabelGap;
                Write(plot, theme, row.Text, middle, offset, row.Value is null ? theme.MutedColor : theme.TextColor);
                top -= RowHeight;
            }
        }

        return [.. ticks];
    }

    private void DrawBar(Plot plot, BarRow row, double middle)
    {
        if (row.Value is not { } value)
        {
            return;
        }

        Color color = Colors.Of(row.Format);
        double part = Math.Min(row.Part ?? value, value);
        foreach ((double from, double to, Color fill) in new[] { (0, part, color), (part, value, color.WithAlpha(RestOpacity)) })
        {
            if (to > from)
            {
                plot.Add.Bar(new Bar
                {
                    Position = middle,
                    Size = BarHeight,
                    ValueBase = from,
                    Value = to,
                    FillColor = fill,
                    LineWidth = 0,
                    Orientation = Orientation.Horizontal,
                });
            }
        }
    }

    private static void DrawWhisker(Plot plot, ChartTheme theme, BarRow row, double middle)
    {
        if (row is { Value: { } value, Min: { } min, Max: { } max } && max > min)
        {
            plot.Add.Plottable(new ErrorBar([value], [middle], xErrorsPositive: [max - value], xErrorsNegative: [value - min], null, null)
            {
                Color = theme.TextColor,
                LineWidth = 1.5f,
                CapSize = CapSize,
            });
        }
    }

    private static void Write(Plot plot, ChartTheme theme, string text, double y, float offset, Color color, bool isBold = false)
    {
        Text label = plot.Add.Text(text, 0, y);
        label.LabelStyle.Font = ChartFonts.Instance.Typeface(isBold);
        label.LabelFontSize = TextSize;
        label.LabelFontColor = color;
        label.LabelBackgroundColor = theme.BackgroundColor;
        label.LabelAlignment = Alignment.MiddleLeft;
        label.OffsetX = offset;
    }

    private static string Label(BarRow row) => ChartText.Fit(row.Label, MaxLabelWidth, TextSize);

    /// <summary>The smallest end of the axis at which every bar's text still fits behind it.</summary>
    private static double AxisEnd(BarRow[] rows, float width)
    {
        double end = rows
            .Select(row => row.End * width / (width - ChartText.Width(row.Text, TextSize) - 2 * LabelGap))
            .DefaultIfEmpty().Max();
        return end > 0 ? end : 1;
    }
}
