using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Records;

/// <summary>Spread of a case's raw samples over all processes, per figure.</summary>
public sealed record CaseSpread
{
    /// <summary>Spread of the load time, seconds.</summary>
    public Spread? LoadTimeSec { get; init; }

    /// <summary>Spread of the warm first-token latency, milliseconds.</summary>
    public Spread? FirstTokenLatencyMs { get; init; }

    /// <summary>Spread of the throughput: new tokens / each sample of the total time, tokens per second.</summary>
    public Spread? ThroughputTokensPerSec { get; init; }

    /// <summary>Spread of the throughput run's time, seconds.</summary>
    public Spread? TotalInferenceTimeSec { get; init; }

    internal static CaseSpread? Of(CaseSamples? samples, int? tokens)
    {
        if (samples is null)
        {
            return null;
        }

        double[] totals = SampleStatistics.Flatten(samples.TotalInferenceTimeSec);
        return new CaseSpread
        {
            LoadTimeSec = SampleStatistics.SpreadOf(SampleStatistics.Flatten(samples.LoadTimeSec)),
            FirstTokenLatencyMs = SampleStatistics.SpreadOf(SampleStatistics.Flatten(samples.FirstTokenLatencyMs)),
            ThroughputTokensPerSec = tokens is { } count
                ? SampleStatistics.SpreadOf([.. totals.Where(total => total > 0).Select(total => count / total)])
                : null,
            TotalInferenceTimeSec = SampleStatistics.SpreadOf(totals),
        };
    }
}
