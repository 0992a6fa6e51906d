using ScottPlot;

namespace GptQuantBench.Reporting.Charts;

/// <summary>The colours of everything but the data; those are the same in every theme.</summary>
/// <param name="Name">Ends the names of this theme's files.</param>
/// <param name="Background">Behind the chart, <c>#RRGGBB</c>.</param>
/// <param name="Text">Titles, labels, axes.</param>
/// <param name="Muted">What explains: subtitles, units.</param>
/// <param name="Grid">Lines of the grid.</param>
public sealed record ChartTheme(string Name, string Background, string Text, string Muted, string Grid)
{
    /// <summary>For light pages and for paper.</summary>
    public static ChartTheme Light { get; } = new("light", "#FFFFFF", "#1B1F24", "#57606A", "#DDE1E6");

    /// <summary>For dark pages.</summary>
    public static ChartTheme Dark { get; } = new("dark", "#14181D", "#E8EAED", "#A9B1BA", "#343B44");

    /// <summary>All themes.</summary>
    public static IReadOnlyList<ChartTheme> All { get; } = [Light, Dark];

    internal Color BackgroundColor => Color.FromHex(Background);

    internal Color TextColor => Color.FromHex(Text);

    internal Color MutedColor => Color.FromHex(Muted);

    internal Color GridColor => Color.FromHex(Grid);
}
