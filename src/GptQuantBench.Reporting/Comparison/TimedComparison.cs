using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Json;

namespace GptQuantBench.Reporting.Comparison;

/// <summary>The verdicts on all times and rates of a comparison; they share one error rate, so they are made together.</summary>
internal static class TimedComparison
{
    // Every process of one run is held against every process of the other.
    private const int MostProcesses = 1000;

    /// <summary>The verdicts, for each pair in the order of <see cref="CaseMetrics.Timed"/>.</summary>
    /// <exception cref="ReportFormatException">There are too many processes.</exception>
    public static IReadOnlyList<IReadOnlyList<MetricComparison>> Of(IReadOnlyList<CasePair> pairs, ComparisonOptions options)
    {
        var cells = pairs
            .SelectMany((pair, index) => CaseMetrics.Timed.Select(metric => (
                Index: index, Pair: pair, Metric: metric, Sample: ProcessSample.Of(metric.ProcessMedians(pair.Base), metric.ProcessMedians(pair.New)))))
            .ToArray();
        if (cells.FirstOrDefault(cell => Math.Max(cell.Sample.Base.Length, cell.Sample.New.Length) > MostProcesses) is { Pair: { } pair })
        {
            throw new ReportFormatException(
                $"{pair.Base.ModelName} {pair.Base.Quantization} was measured in more than {MostProcesses} processes, the most that can be compared: give reports of fewer launches.");
        }

        Dictionary<CaseMetric, Drift> drifts = cells
            .Where(cell => cell.Sample.IsLargeEnough)
            .GroupBy(cell => cell.Metric, cell => cell.Sample)
            .ToDictionary(group => group.Key, group => Drift.Of([.. group]));
        Drift? machine = drifts.Count == 0 ? null : Drift.Common([.. drifts.Select(drift => AsTime(drift.Key, drift.Value))]);
        EffectTest?[] tests =
        [
            .. cells.Select(cell => cell.Sample.IsLargeEnough ? new EffectTest(cell.Sample, drifts[cell.Metric], AsTime(cell.Metric, machine!)) : null),
        ];
        double[] adjusted = Holm.Adjust([.. tests.OfType<EffectTest>().Select(test => test.PValue)]);
        var verdicts = new List<MetricComparison>[pairs.Count];
        int tested = 0;
        foreach (var (cell, test) in cells.Zip(tests))
        {
            MetricComparison plain = Plain(cell.Metric, cell.Pair, cell.Sample);
            (verdicts[cell.Index] ??= []).Add(test is null
                ? Untested(plain)
                : Tested(plain, cell.Metric, test, adjusted[tested++], adjusted.Length, MinimumEffect(cell.Metric, cell.Pair, options)));
        }

        return verdicts;
    }

    private static Drift AsTime(CaseMetric metric, Drift drift) => metric.HigherIsBetter ? drift.Negated() : drift;

    private static double MinimumEffect(CaseMetric metric, CasePair pair, ComparisonOptions options) =>
        Math.Max(options.Threshold, 2 * (options.NoiseFloor?.Of(metric.Key, pair.Base.ModelName, pair.Base.Quantization) ?? 0));

    private static MetricComparison Plain(CaseMetric metric, CasePair pair, ProcessSample sample)
    {
        double? baseValue = metric.Value(pair.Base);
        double? newValue = metric.Value(pair.New);
        return new MetricComparison
        {
            Metric = metric.Key,
            Name = metric.Name,
            Unit = metric.Unit,
            Verdict = Verdict.NotComparable,
            Wording = Wordings.NotMeasured,
            Base = baseValue,
            New = newValue,
            Change = Ratio.Of(newValue, baseValue) - 1,
            BaseProcesses = sample.Base.Length,
            NewProcesses = sample.New.Length,
        };
    }

    private static MetricComparison Untested(MetricComparison plain) => plain.Base is null || plain.New is null
        ? plain
        : plain with { Verdict = Verdict.TooFewSamples, Wording = Wordings.TooFewSamples };

    private static MetricComparison Tested(
        MetricComparison plain, CaseMetric metric, EffectTest test, double adjustedPValue, int verdicts, double minimumEffect)
    {
        Verdict verdict = !test.IsDifference(adjustedPValue, minimumEffect) ? Verdict.Same
            : test.Interval.Shift > 0 == metric.HigherIsBetter ? Verdict.Better
            : Verdict.Worse;
        return plain with
        {
            Verdict = verdict,
            Wording = Wordings.OfTime(verdict),
            Change = EffectTest.Share(test.Interval.Shift),
            ChangeLow = EffectTest.Share(test.Interval.Low),
            ChangeHigh = EffectTest.Share(test.Interval.High),
            AdjustedPValue = adjustedPValue,
            MinimumEffect = minimumEffect,
            DetectableEffect = test.DetectableEffect(verdicts, minimumEffect),
            Note = test.Drifts ? "Both runs drift in this metric; only a difference beyond the drift counts." : null,
        };
    }
}
