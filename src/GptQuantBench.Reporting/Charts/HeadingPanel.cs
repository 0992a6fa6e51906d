using ScottPlot;

namespace GptQuantBench.Reporting.Charts;

/// <summary>Title and subtitles of a chart, at its left edge; what is too wide gets an ellipsis.</summary>
internal sealed class HeadingPanel(string title, IReadOnlyList<string> subtitles, ChartTheme theme) : IPanel
{
    private const int Padding = 16;
    private const int TitleSize = 16;
    private const int SubtitleSize = 12;
    private const int TitleHeight = 24;
    private const int SubtitleHeight = 17;

    /// <inheritdoc />
    public bool IsVisible { get; set; } = true;

    /// <inheritdoc />
    public float MinimumSize { get; set; }

    /// <inheritdoc />
    public float MaximumSize { get; set; } = float.MaxValue;

    /// <inheritdoc />
    public Edge Edge => Edge.Top;

    /// <inheritdoc />
    public bool ShowDebugInformation { get; set; }

    /// <summary>Height of a heading, pixels.</summary>
    public static float HeightOf(int subtitles) => Padding + TitleHeight + subtitles * SubtitleHeight + Padding / 2;

    /// <inheritdoc />
    public float Measure(Paint paint) => HeightOf(subtitles.Count);

    /// <inheritdoc />
    public PixelRect GetPanelRect(PixelRect rect, float size, float offset, Paint paint) => new(rect.Left, rect.Right, rect.Top, rect.Top - size);

    /// <inheritdoc />
    public void Render(RenderPack rp, float size, float offset)
    {
        float width = rp.FigureRect.Width - 2 * Padding;
        float top = rp.FigureRect.Top + Padding;
        Write(rp, title, TitleSize, isBold: true, theme.TextColor, width, top);
        top += TitleHeight;
        foreach (string subtitle in subtitles)
        {
            Write(rp, subtitle, SubtitleSize, isBold: false, theme.MutedColor, width, top);
            top += SubtitleHeight;
        }
    }

    private static void Write(RenderPack rp, string text, int size, bool isBold, Color color, float width, float top)
    {
        var style = new LabelStyle
        {
            Text = ChartText.Fit(text, width, size, isBold),
            Font = ChartFonts.Instance.Typeface(isBold),
            FontSize = size,
            ForeColor = color,
            Alignment = Alignment.UpperLeft,
        };
        style.Render(rp.Canvas, new Pixel(rp.FigureRect.Left + Padding, top), rp.Paint);
    }
}
