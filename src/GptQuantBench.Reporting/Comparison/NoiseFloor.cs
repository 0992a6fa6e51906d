namespace GptQuantBench.Reporting.Comparison;

/// <summary>How far a build differs from itself, from a comparison of two runs of the same build on the same machine (A/A).</summary>
/// <param name="comparison">The comparison.</param>
public sealed class NoiseFloor(ReportComparison comparison)
{
    private readonly ILookup<string, (CaseVerdicts Case, double Change)> _changes = comparison.Cases
        .SelectMany(pair => pair.Metrics.Where(metric => metric is { Change: not null, BaseProcesses: not null })
            .Select(metric => (metric.Metric, Case: pair, Change: Math.Abs(metric.Change!.Value))))
        .ToLookup(entry => entry.Metric, entry => (entry.Case, entry.Change));

    /// <summary>
    /// The floor of a metric of a case, a share: the larger of the case's own change and the root mean square over all cases, since one
    /// A/A change may be small by chance; 0 where the metric was not measured.
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
