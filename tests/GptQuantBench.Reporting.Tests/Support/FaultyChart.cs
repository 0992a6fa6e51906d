using GptQuantBench.Reporting.Charts;
using ScottPlot;

namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>A chart that cannot be drawn.</summary>
internal sealed class FaultyChart : Chart
{
    /// <inheritdoc />
    public override int Height => 100;

    public static FaultyChart Named(string name) => new() { Name = name, Title = name, Subtitles = [], Description = "" };

    private protected override void Draw(Plot plot, ChartTheme theme) => throw new InvalidOperationException("Nothing\ncan be drawn.");
}
