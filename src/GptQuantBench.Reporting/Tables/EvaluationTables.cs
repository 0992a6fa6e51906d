using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>What <c>evaluate</c> found: what each format costs, and how its divergence is distributed.</summary>
public static class EvaluationTables
{
    /// <summary>The tables; the second is absent where there is nothing to compare. The protocol stands below the last.</summary>
    public static IReadOnlyList<ReportTable> Of(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        EvaluationRow first = report.Results[0];
        EvaluationRow[] others = [.. report.Results.Skip(1)];
        ReportTable costs = new()
        {
            Title = $"Quality of {report.ModelName} on {report.Text}",
            Columns =
            [
                ReportColumn.Text("Format"),
                ReportColumn.Number("Bits"),
                ReportColumn.Number("Memory Saved"),
                ReportColumn.Number("Perplexity"),
                ReportColumn.Number("PPL Change"),
                ReportColumn.Number("Mean KL"),
                ReportColumn.Number("Same Top-1"),
            ],
            Rows = [.. report.Results.Select(row => Costs(row, first))],
            Notes = others.Length == 0 ? [.. Notes(report, first)] : [],
        };
        return others.Length == 0 ? [costs] :
        [
            costs,
            new()
            {
                Title = $"Divergence from {first.Quantization}",
                Columns =
                [
                    ReportColumn.Text("Format"),
                    ReportColumn.Number("Median KL"),
                    ReportColumn.Number("99% KL"),
                    ReportColumn.Number("Max KL"),
                    ReportColumn.Number("RMS Δp"),
                ],
                Rows = [.. others.Select(Divergence)],
                Notes = [.. Notes(report, first)],
            },
        ];
    }

    private static IReadOnlyList<ReportCell> Costs(EvaluationRow row, EvaluationRow first)
    {
        QualityRecord quality = row.Quality;
        QualityErrors? errors = quality.StandardErrors;
        return
        [
            new(row.Quantization),
            new(FigureFormat.Number(row.BitsPerWeight)),
            new(ReferenceEquals(row, first) ? FigureFormat.Missing : FigureFormat.Percent(1 - Ratio.Of(row.MemoryGb, first.MemoryGb))),
            new(FigureFormat.Perplexity(quality.Perplexity)),
            new(FigureFormat.ChangeWithError(quality.PerplexityRatio - 1, errors?.PerplexityRatio)),
            new(FigureFormat.WithError(quality.MeanKlDivergence, errors?.MeanKlDivergence)),
            new(FigureFormat.PercentWithError(quality.SameTop1Share, errors?.SameTop1Share)),
        ];
    }

    private static IReadOnlyList<ReportCell> Divergence(EvaluationRow row)
    {
        QualityRecord quality = row.Quality;
        QualityErrors? errors = quality.StandardErrors;
        return
        [
            new(row.Quantization),
            new(FigureFormat.WithError(quality.MedianKlDivergence, errors?.MedianKlDivergence)),
            new(FigureFormat.WithError(quality.P99KlDivergence, errors?.P99KlDivergence)),
            new(FigureFormat.Number(quality.MaxKlDivergence)),
            new(FigureFormat.PercentWithError(quality.RmsProbabilityChange, errors?.RmsProbabilityChange)),
        ];
    }

    private static IEnumerable<string> Notes(EvaluationReport report, EvaluationRow first)
    {
        string join = report.Join is null ? "" : $", lines joined as {report.Join}";
        string error = first.Quality.StandardErrors?.Perplexity is { } width ? $" (the text alone makes it uncertain by {FigureFormat.Number(width)})" : "";
        yield return $"Text: {report.Text}, sha256 {report.TextSha256}{join}, tokenised once as a whole: {report.Tokens} tokens.";
        yield return $"Windows of {report.Window} tokens every {report.Stride}, each a fresh sequence; "
            + $"{report.ScoredTokens} tokens scored: each once, none without a token before it in its window.";
        yield return $"Perplexity: e to the mean negative log-likelihood{error}. KL: divergence from {first.Quantization}, nats a token. "
            + "RMS Δp: root mean square change of the right token's probability. ±: one standard error.";
    }
}
