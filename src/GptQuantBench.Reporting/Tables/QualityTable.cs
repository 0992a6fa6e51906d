using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>What the formats cost in text: this run's figures, or, where its weights were never trained, those of the shipped model.</summary>
public static class QualityTable
{
    private static readonly ReportColumn[] _figures =
    [
        ReportColumn.Number("Perplexity"),
        ReportColumn.Number("PPL Change"),
        ReportColumn.Number("Mean KL"),
        ReportColumn.Number("Same Top-1"),
    ];

    /// <summary>The table; null where there is nothing to show.</summary>
    public static ReportTable? Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        CaseResult[] measured = [.. report.Results.Where(result => result.Quality is not null)];
        return measured.Length > 0 ? Measured(measured) : Shipped(report);
    }

    private static ReportTable Measured(CaseResult[] results)
    {
        QualityRecord first = results[0].Quality!;
        return new ReportTable
        {
            Title = "Quality",
            Columns = [.. CaseRows.NameColumns, .. _figures],
            Rows = [.. results.Select(result => CaseRows.Row(result, Figures(result.Quality!)))],
            Notes = [$"On the text with sha256 {first.TextSha256 ?? FigureFormat.Missing}, {FigureFormat.Count(first.ScoredTokens)} tokens scored. {Meaning}"],
        };
    }

    /// <summary>One line a format of the run; null where its weights were trained or none of its formats was measured.</summary>
    private static ReportTable? Shipped(RunReport report)
    {
        string?[] formats = [.. report.Results.Where(result => result.Success && result.Weights == WeightKind.Synthetic).Select(result => result.Format).Distinct()];
        EvaluationReport shipped = ShippedQuality.Report;
        EvaluationRow[] rows = [.. shipped.Results.Where(row => formats.Contains(row.Format))];
        return rows.Length == 0 ? null : new ReportTable
        {
            Title = $"Quality of the formats, measured on {shipped.ModelName} (not on this run's synthetic weights)",
            Columns = [ReportColumn.Text("Quant"), .. _figures],
            Rows = [.. rows.Select(row => (IReadOnlyList<ReportCell>)[new(row.Quantization), .. Figures(row.Quality)])],
            Notes = [$"{shipped.ModelName} is small and loses more than wide models do; {shipped.ScoredTokens} tokens of {shipped.Text} scored. {Meaning}"],
        };
    }

    private static string Meaning => "KL: divergence from FP16, nats a token. ±: one standard error.";

    private static ReportCell[] Figures(QualityRecord quality) =>
    [
        new(FigureFormat.Perplexity(quality.Perplexity)),
        new(FigureFormat.ChangeWithError(quality.PerplexityRatio - 1, quality.StandardErrors?.PerplexityRatio)),
        new(FigureFormat.WithError(quality.MeanKlDivergence, quality.StandardErrors?.MeanKlDivergence)),
        new(FigureFormat.PercentWithError(quality.SameTop1Share, quality.StandardErrors?.SameTop1Share)),
    ];
}
