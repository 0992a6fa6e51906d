using ScottPlot;
using SkiaSharp;

namespace GptQuantBench.Reporting.Charts;

/// <summary>One picture of a report, 600 pixels wide, in any theme.</summary>
public abstract class Chart
{
    /// <summary>Width, pixels.</summary>
    public const int Width = 600;

    /// <summary>PNG files have so many pixels per pixel of the chart, for screens with small ones.</summary>
    public const int PngScale = 2;

    private static readonly SKPngEncoderOptions _pngOptions = new(SKPngEncoderFilterFlags.None, 6);

    private protected const int SidePadding = 16;
    private protected const int TextSize = 13;
    private protected const int SmallTextSize = 12;

    /// <summary>Name of its files, without theme and ending.</summary>
    public required string Name { get; init; }

    /// <summary>What it shows.</summary>
    public required string Title { get; init; }

    /// <summary>Lines below the title: where it was measured, how to read it.</summary>
    public required IReadOnlyList<string> Subtitles { get; init; }

    /// <summary>What a reader who cannot see it should know, one paragraph.</summary>
    public required string Description { get; init; }

    /// <summary>Height, pixels; grows with the number of cases.</summary>
    public abstract int Height { get; }

    private protected float HeadingHeight => HeadingPanel.HeightOf(Subtitles.Count);

    /// <summary>The chart as a PNG file, <see cref="PngScale"/> times as wide and high.</summary>
    public byte[] ToPng(ChartTheme theme)
    {
        using Plot plot = Drawn(theme);
        plot.ScaleFactor = PngScale;
        (int width, int height) = (Width * PngScale, Height * PngScale);
        using SKSurface surface = SKSurface.Create(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque))
            ?? throw new InvalidOperationException($"A picture of {width} x {height} pixels is too large.");
        plot.Render(surface.Canvas, width, height);
        using SKPixmap pixels = surface.PeekPixels();
        // ScottPlot's own PNG files are 40 % larger: filters do not suit flat colours.
        using SKData? png = pixels.Encode(_pngOptions);
        return png?.ToArray() ?? throw new InvalidOperationException($"A picture of {width} x {height} pixels cannot be encoded.");
    }

    /// <summary>The chart as an SVG document: text stays text, and ids are unique among charts of different names.</summary>
    public string ToSvg(ChartTheme theme)
    {
        using Plot plot = Drawn(theme);
        return ChartSvg.Complete(plot.GetSvgXml(Width, Height), Name, Title, Description);
    }

    private protected abstract void Draw(Plot plot, ChartTheme theme);

    private Plot Drawn(ChartTheme theme)
    {
        ArgumentNullException.ThrowIfNull(theme);
        _ = ChartFonts.Instance;
        var plot = new Plot();
        plot.FigureBackground.Color = theme.BackgroundColor;
        plot.DataBackground.Color = theme.BackgroundColor;
        plot.Font.Set(ChartFonts.Family);
        plot.Axes.Color(theme.TextColor);
        plot.Axes.AddPanel(new HeadingPanel(Title, Subtitles, theme));
        Draw(plot, theme);
        return plot;
    }

    private protected static void StyleAxes(Plot plot, ChartTheme theme)
    {
        foreach (IAxis axis in plot.Axes.GetAxes())
        {
            axis.FrameLineStyle.Width = 0;
            axis.MinorTickStyle.Length = 0;
            axis.MajorTickStyle.Length = 0;
            axis.TickLabelStyle.FontSize = SmallTextSize;
            axis.TickLabelStyle.ForeColor = theme.TextColor;
            axis.Label.FontSize = SmallTextSize;
            axis.Label.Bold = false;
            axis.Label.ForeColor = theme.MutedColor;
        }

        plot.Grid.MajorLineColor = theme.GridColor;
        plot.Grid.MajorLineWidth = 1;
    }
}
