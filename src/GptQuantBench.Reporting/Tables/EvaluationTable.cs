using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>Quality of formats on one text.</summary>
public static class EvaluationTable
{
    /// <summary>The table, with the protocol below it.</summary>
    public static ReportTable Of(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        EvaluationRow first = report.Results[0];
        return new ReportTable
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
                ReportColumn.Number("Median KL"),
                ReportColumn.Number("99% KL"),
                ReportColumn.Number("Max KL"),
                ReportColumn.Number("Same Top-1"),
                ReportColumn.Number("RMS Δp"),
            ],
            Rows = [.. report.Results.Select(row => Row(row, first))],
            Notes = [.. Notes(report, first)],
        };
    }

    private static IReadOnlyList<ReportCell> Row(EvaluationRow row, EvaluationRow first)
    {
        QualityRecord quality = row.Quality;
        QualityErrors? errors = quality.StandardErrors;
        return
        [
            new(row.Quantization),
            new(FigureFormat.Number(row.BitsPerWeight)),
            new(ReferenceEquals(row, first) ? FigureFormat.Missing : FigureFormat.Percent(1 - Ratio.Of(row.MemoryGb, first.MemoryGb))),
            new(FigureFormat.WithError(quality.Perplexity, errors?.Perplexity)),
            new(FigureFormat.ChangeWithError(quality.PerplexityRatio - 1, errors?.PerplexityRatio)),
            new(FigureFormat.WithError(quality.MeanKlDivergence, errors?.MeanKlDivergence)),
            new(FigureFormat.WithError(quality.MedianKlDivergence, errors?.MedianKlDivergence)),
            new(FigureFormat.WithError(quality.P99KlDivergence, errors?.P99KlDivergence)),
            new(FigureFormat.Number(quality.MaxKlDivergence)),
            new(FigureFormat.PercentWithError(quality.SameTop1Share, errors?.SameTop1Share)),
            new(FigureFormat.PercentWithError(quality.RmsProbabilityChange, errors?.RmsProbabilityChange)),
        ];
    }

    private static IEnumerable<string> Notes(EvaluationReport report, EvaluationRow first)
    {
        string join = report.Join is null ? "" : $", lines joined as {report.Join}";
        yield return $"Text: {report.Text}, sha256 {report.TextSha256}{join}, tokenised once as a whole: {report.Tokens} tokens.";
        yield return $"Windows of {report.Window} tokens every {report.Stride}, each a fresh sequence; "
            + $"{report.ScoredTokens} tokens scored: each once, none without a token before it in its window.";
        yield return $"Perplexity: e to the mean negative log-likelihood. KL: divergence from {first.Quantization}, nats a token. "
            + "RMS Δp: root mean square change of the right token's probability. ±: one standard error.";
    }
}
