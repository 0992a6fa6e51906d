using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Progress;

/// <summary>What a sweep tells whoever watches it.</summary>
internal interface ISweepProgress
{
    /// <summary>A sweep starts.</summary>
    /// <param name="sweep">What is swept.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="format">Name of the format.</param>
    /// <param name="points">Number of points.</param>
    void SweepStarted(string sweep, string model, string format, int points);

    /// <summary>A point ended, and is on disk.</summary>
    /// <param name="value">What was swept has this value here.</param>
    /// <param name="point">The figures.</param>
    void PointEnded(string value, SweepResult point);
}
