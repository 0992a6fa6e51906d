using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Progress;

/// <summary>A sweep on the console: one line a point.</summary>
internal sealed class ConsoleSweepProgress : ISweepProgress
{
    private const int LabelWidth = 12;

    /// <inheritdoc />
    public void SweepStarted(string sweep, string model, string format, int points) =>
        Console.WriteLine($"SWEEP {sweep}: {model} {format}, {points} points");

    /// <inheritdoc />
    public void PointEnded(string value, SweepResult point) => Console.WriteLine(
        $"  {value.PadRight(LabelWidth)} {(point.Error is { } error ? $"FAILED {error}" : $"{FigureFormat.Number(point.ThroughputTokensPerSec)} tokens/s")}");
}
