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

    /// <summary>Median over all samples of all processes, in seconds; null without samples.</summary>
    public double? MedianSeconds => SampleStatistics.Median(SampleStatistics.Flatten(SecondsByProcess));
}
