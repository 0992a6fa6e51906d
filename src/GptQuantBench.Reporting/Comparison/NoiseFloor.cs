namespace GptQuantBench.Reporting.Comparison;

/// <summary>How far a build differs from itself, from comparisons of runs of the same build on the same machine (A/A).</summary>
/// <param name="comparisons">The comparisons; five or more make it unlikely that all of them are small by chance.</param>
public sealed class NoiseFloor(IReadOnlyList<ReportComparison> comparisons)
{
    private readonly ILookup<string, (CaseVerdicts Case, double Change)> _changes = comparisons
        .SelectMany(comparison => comparison.Cases)
        .SelectMany(pair => pair.Metrics
            .Where(metric => metric is { Change: not null, BaseProcesses: not null })
            .Select(metric => (metric.Metric, Case: pair, Change: Math.Abs(metric.Change!.Value))))
        .ToLookup(entry => entry.Metric, entry => (entry.Case, entry.Change));

    /// <summary>
    /// The floor of a metric of a case, a share: the case's largest change, or the root mean square over all cases where that is larger,
    /// since the changes of one case may be small by chance; 0 where the metric was not measured.
    /// </summary>
    public double Of(string metric, string modelName, string quantization)
    {
        (CaseVerdicts Case, double Change)[] all = [.. _changes[metric]];
        if (all.Length == 0)
        {
            return 0;
        }

        double own = all
            .Where(entry => entry.Case.ModelName == modelName && entry.Case.Quantization == quantization)
            .Select(entry => entry.Change)
            .DefaultIfEmpty(0)
            .Max();
        return Math.Max(own, Math.Sqrt(all.Average(entry => entry.Change * entry.Change)));
    }
}
