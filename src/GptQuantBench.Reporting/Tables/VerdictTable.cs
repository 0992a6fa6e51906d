using System.Globalization;
using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Tables;

/// <summary>The comparison of two runs as a table that fits 100 columns.</summary>
public static class VerdictTable
{
    /// <summary>
    /// All times and rates, and of what is exact only what differs. What stands only in the JSON are figures that are the same to the
    /// last digit.
    /// </summary>
    public static ReportTable Of(ReportComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        return new ReportTable
        {
            Title = "Compared with the base run",
            Columns =
            [
                ReportColumn.Text("Case"),
                ReportColumn.Text("Metric"),
                ReportColumn.Number("Base"),
                ReportColumn.Number("New"),
                ReportColumn.Number("Change"),
                ReportColumn.Number("95 % interval"),
                ReportColumn.Number("Finds"),
                ReportColumn.Text("Verdict"),
            ],
            Rows = [.. comparison.Cases.SelectMany(Rows)],
            Notes = [.. Notes(comparison)],
        };
    }

    /// <summary>The outcome in one sentence.</summary>
    public static string Outcome(ReportComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        string verdict = comparison.IsRegression ? "Regression"
            : comparison.Improvements > 0 ? "No regression, improved"
            : comparison.Cases.All(pair => pair.Metrics.Count == 0) ? "Nothing compared"
            : "No regression";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{verdict}: {comparison.Regressions} worse, {comparison.Improvements} better, {comparison.Count(Verdict.Same)} the same, "
            + $"{comparison.Count(Verdict.TooFewSamples)} with too few samples, "
            + $"{comparison.Cases.Count(pair => pair.NotComparable.Count > 0)} cases not comparable.");
    }

    private static IEnumerable<IReadOnlyList<ReportCell>> Rows(CaseVerdicts pair)
    {
        string name = $"{pair.ModelName} {pair.Quantization}";
        if (pair.NotComparable.Count > 0)
        {
            yield return [new(name), new("all"), .. Enumerable.Repeat(new ReportCell(FigureFormat.Missing), 5), new("not comparable")];
        }

        foreach (MetricComparison metric in pair.Metrics.Where(metric => IsShown(metric)))
        {
            yield return
            [
                new(name),
                new(metric.Unit.Length == 0 ? metric.Name : $"{metric.Name}, {metric.Unit}"),
                new(FigureFormat.Number(metric.Base)),
                new(FigureFormat.Number(metric.New)),
                new(FigureFormat.Change(metric.Change)),
                new(metric.ChangeLow is null ? FigureFormat.Missing : $"{FigureFormat.Change(metric.ChangeLow)} .. {FigureFormat.Change(metric.ChangeHigh)}"),
                new(FigureFormat.Percent(metric.DetectableEffect)),
                new(metric.Wording, metric.Verdict switch
                {
                    Verdict.Better => CellTone.Good,
                    Verdict.Worse => CellTone.Bad,
                    _ => CellTone.Neutral,
                }),
            ];
        }
    }

    private static bool IsShown(MetricComparison metric) => metric.BaseProcesses is not null || metric.Verdict != Verdict.Same;

    private static IEnumerable<string> Notes(ReportComparison comparison)
    {
        foreach (CaseVerdicts pair in comparison.Cases)
        {
            string name = $"{pair.ModelName} {pair.Quantization}";
            if (pair.NotComparable.Count > 0)
            {
                yield return $"{name} is not comparable: {string.Join("; ", pair.NotComparable)}.";
            }

            foreach (MetricComparison metric in pair.Metrics.Where(metric => metric.Note is not null))
            {
                yield return $"{name}, {metric.Name}: {metric.Note}";
            }
        }

        int exact = comparison.Cases.SelectMany(pair => pair.Metrics).Count(metric => !IsShown(metric));
        if (exact > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{exact} exact figures (bytes, token ids, perplexity) are the same.");
        }

        if (comparison.Cases.SelectMany(pair => pair.Metrics).Any(metric => metric.DetectableEffect is not null))
        {
            yield return $"Finds: the smallest change that 19 of 20 such comparisons would find. Changes below {FigureFormat.Percent(comparison.Threshold)} "
                + "(--threshold), or below twice the noise floor, count as the same.";
        }
    }
}
