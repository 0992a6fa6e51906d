using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>One table for each sweep of a report: what is changed from row to row, what came of it, and FP16 at the same point beside it.</summary>
public static class SweepTables
{
    private static readonly Layout[] _layouts =
    [
        new(SweepResult.PromptLength, "By prompt length", "Prompt", row => FigureFormat.Count(row.PromptTokens), Latency, [
            "Prompt: tokens. Prefill: prompt tokens / first-token latency, so the output head and the choice of the id are inside.",
            "x FP16: first-token latency of FP16 at the same length / this one.",
        ]),
        new(SweepResult.Depth, "By depth", "Depth", row => FigureFormat.Count(row.DepthTokens), Speed, [
            "Depth: tokens in the KV cache before the first measured step. Throughput: decode steps alone, no prompt.",
        ]),
        new(SweepResult.BatchSizes, "By batch size", "Batch", row => FigureFormat.Count(row.BatchSize), Batch, [
            "Batch: sequences that decode together, each with a KV cache of its own; decode steps alone. All: their tokens together; Each: those of one.",
            "x one: all / that of one sequence alone. x FP16: all / that of FP16 at the same batch size.",
            "Memory: weights, KV caches of all sequences, activations and scratch space.",
        ]),
        new(SweepResult.DecodePaths, "By decode path", "Path", row => row.Decode ?? FigureFormat.Missing, Speed, []),
        new(SweepResult.TokenTimes, "Single tokens", "Count", row => FigureFormat.Count(row.InterTokenLatencyMs?.Count), Percentiles, [
            "Times between consecutive tokens of many sequences: half of them are at most p50, 99 % at most p99.",
        ]),
    ];

    private delegate IEnumerable<(string Heading, string Text)> Figures(SweepResult row, SweepResult? baseline, SweepResult? single);

    /// <summary>The tables of the sweeps that the report has.</summary>
    public static IEnumerable<ReportTable> Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return _layouts
            .Select(layout => (Layout: layout, Rows: report.Sweeps.Where(row => row.Sweep == layout.Sweep).ToArray()))
            .Where(sweep => sweep.Rows.Length > 0)
            .Select(sweep => Table(sweep.Layout, sweep.Rows));
    }

    private static ReportTable Table(Layout layout, SweepResult[] rows) => new()
    {
        Title = layout.Title,
        Columns =
        [
            .. CaseRows.NameColumns,
            ReportColumn.Number(layout.Axis),
            .. layout.Figures(rows[0], baseline: null, single: null).Select(figure => ReportColumn.Number(figure.Heading)),
        ],
        Rows = [.. rows.Select(row => Cells(layout, row, rows))],
        Notes =
        [
            .. layout.Notes,
            .. rows.Where(row => !row.Success)
                .Select(row => $"{row.ModelName} {row.Quantization}, {SweepFigures.Point(row)}, failed: {row.Error ?? "no reason was recorded."}"),
        ],
    };

    private static IReadOnlyList<ReportCell> Cells(Layout layout, SweepResult row, SweepResult[] rows)
    {
        SweepResult? baseline = row.Quantization == CaseComparison.BaselineQuantization
            ? null
            : Array.Find(rows, other => other.Quantization == CaseComparison.BaselineQuantization && IsAtThePoint(other, row, row.BatchSize));
        SweepResult? single = Array.Find(rows, other => other.Quantization == row.Quantization && IsAtThePoint(other, row, batchSize: 1));
        (string Heading, string Text)[] figures = [.. layout.Figures(row, baseline, single)];
        return
        [
            new(row.ModelName),
            new(row.Quantization),
            new(layout.Point(row)),
            .. figures.Select((figure, index) =>
                row.Success ? new ReportCell(figure.Text) : new(index == 0 ? "FAILED" : FigureFormat.Missing, CellTone.Bad)),
        ];
    }

    private static bool IsAtThePoint(SweepResult other, SweepResult row, int? batchSize) =>
        other.Success && other.ModelName == row.ModelName
        && other.Backend == row.Backend && other.Device == row.Device && other.PromptTokens == row.PromptTokens
        && other.DepthTokens == row.DepthTokens && other.BatchSize == batchSize
        && (row.Sweep != SweepResult.DecodePaths || other.Decode == row.Decode);

    private static IEnumerable<(string Heading, string Text)> Latency(SweepResult row, SweepResult? baseline, SweepResult? single) =>
    [
        ("First token(ms)", FigureFormat.WithSpread(row.FirstTokenLatencyMs, row.Spread?.FirstTokenLatencyMs)),
        ("Prefill(tok/s)", FigureFormat.Number(row.PrefillTokensPerSec)),
        ("x FP16", FigureFormat.Times(Ratio.Of(baseline?.FirstTokenLatencyMs, row.FirstTokenLatencyMs))),
    ];

    private static IEnumerable<(string Heading, string Text)> Batch(SweepResult row, SweepResult? baseline, SweepResult? single) =>
    [
        ("All(tok/s)", FigureFormat.WithSpread(row.ThroughputTokensPerSec, row.Spread?.ThroughputTokensPerSec)),
        ("Each(tok/s)", FigureFormat.Number(row.ThroughputPerSequenceTokensPerSec)),
        ("x one", FigureFormat.Times(Ratio.Of(row.ThroughputTokensPerSec, single?.ThroughputTokensPerSec))),
        ("x FP16", FigureFormat.Times(Ratio.Of(row.ThroughputTokensPerSec, baseline?.ThroughputTokensPerSec))),
        ("Memory(GB)", FigureFormat.Number(row.MemoryGb + (row.KvCacheBytes + row.WorkspaceBytes) / 1e9)),
    ];

    private static IEnumerable<(string Heading, string Text)> Speed(SweepResult row, SweepResult? baseline, SweepResult? single) =>
    [
        ("Throughput(tok/s)", FigureFormat.WithSpread(row.ThroughputTokensPerSec, row.Spread?.ThroughputTokensPerSec)),
        ("Token(ms)", FigureFormat.Number(Ratio.Of(1e3, row.ThroughputTokensPerSec))),
        ("x FP16", FigureFormat.Times(Ratio.Of(row.ThroughputTokensPerSec, baseline?.ThroughputTokensPerSec))),
    ];

    private static IEnumerable<(string Heading, string Text)> Percentiles(SweepResult row, SweepResult? baseline, SweepResult? single) =>
    [
        ("p50(ms)", FigureFormat.Number(row.InterTokenLatencyMs?.P50)),
        ("p90(ms)", FigureFormat.Number(row.InterTokenLatencyMs?.P90)),
        ("p99(ms)", FigureFormat.Number(row.InterTokenLatencyMs?.P99)),
        ("p99/p50", FigureFormat.Times(Ratio.Of(row.InterTokenLatencyMs?.P99, row.InterTokenLatencyMs?.P50))),
        ("x FP16", FigureFormat.Times(Ratio.Of(baseline?.InterTokenLatencyMs?.P50, row.InterTokenLatencyMs?.P50))),
    ];

    /// <param name="Sweep">Name of the sweep in the JSON.</param>
    /// <param name="Title">Title of its table.</param>
    /// <param name="Axis">Heading of what is changed.</param>
    /// <param name="Point">Its value in a row.</param>
    /// <param name="Figures">What was measured.</param>
    /// <param name="Notes">Sentences below.</param>
    private sealed record Layout(
        string Sweep, string Title, string Axis, Func<SweepResult, string> Point, Figures Figures, IReadOnlyList<string> Notes);
}
