using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Reports;
using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Diagnosers;

/// <summary>The measured times of a phase, as BenchmarkDotNet took them: results of the workload, process by process.</summary>
internal sealed class PhaseTimes
{
    /// <param name="measurements">Everything that BenchmarkDotNet recorded, warm-up included.</param>
    public PhaseTimes(IEnumerable<Measurement> measurements)
    {
        SecondsByProcess =
        [
            .. measurements
                .Where(measurement => measurement.Is(IterationMode.Workload, IterationStage.Result))
                .GroupBy(measurement => measurement.LaunchIndex)
                .OrderBy(process => process.Key)
                .Select(process => (IReadOnlyList<double>)[.. process.Select(result => result.GetAverageTime().Nanoseconds / 1e9)]),
        ];
    }

    /// <summary>Samples in seconds, one list for each process.</summary>
    public IReadOnlyList<IReadOnlyList<double>> SecondsByProcess { get; }

    /// <summary>
    /// The samples of one point of a sweep, whose calls follow each other point by point, <paramref name="repeats"/> of each; one list
    /// for each process that came to the point's end.
    /// </summary>
    /// <param name="point">Index of the point.</param>
    /// <param name="repeats">Calls of a point.</param>
    /// <param name="calls">Calls of all points in one process; in process, BenchmarkDotNet puts several launches into one list.</param>
    public IReadOnlyList<IReadOnlyList<double>> SecondsOfPoint(int point, int repeats, int calls) =>
    [
        .. SecondsByProcess
            .SelectMany(process => process.Chunk(calls))
            .Where(process => process.Length >= (point + 1) * repeats)
            .Select(process => (IReadOnlyList<double>)process[(point * repeats)..((point + 1) * repeats)]),
    ];

    /// <summary>Median over all samples of all processes, in seconds; null without samples.</summary>
    public double? MedianSeconds => SampleStatistics.Median(SampleStatistics.Flatten(SecondsByProcess));
}
