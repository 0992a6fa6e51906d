using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>Single kernels beside what the device reaches: products of one vector beside its bandwidth, of several beside its arithmetic.</summary>
public static class KernelTables
{
    /// <summary>The tables for which the report has rows.</summary>
    public static IEnumerable<ReportTable> Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        ILookup<bool, KernelResult> rows = report.Kernels.ToLookup(row => row.BatchSize > 1 || row.Kernel == KernelResult.MultiplyAdd);
        KernelResult[] single = [.. rows[false]];
        KernelResult[] several = [.. rows[true]];
        if (single.Length > 0)
        {
            yield return Table("Kernels beside the bandwidth", single, isSeveral: false, [
                "In x out: inputs and outputs of the matrix, one vector at a time. Time: weights out of the caches; Warm: in the largest cache, - where they do not fit.",
                "GB/s: weight bytes / time; Share: of the read bandwidth measured in the same process. x FP16: time of the fastest FP16 kernel / this one.",
            ]);
        }

        if (several.Length > 0)
        {
            yield return Table("Kernels beside the arithmetic", several, isSeveral: true, [
                "Batch: vectors that are multiplied together. Share: operations / time, of the rate that a loop of multiply-adds in registers reached in the same process.",
            ]);
        }
    }

    private static ReportTable Table(string title, KernelResult[] rows, bool isSeveral, IReadOnlyList<string> notes) => new()
    {
        Title = title,
        Columns =
        [
            ReportColumn.Text("Kernel"),
            ReportColumn.Text("Quant"),
            ReportColumn.Number("In x out"),
            .. Figures(rows[0], isSeveral).Select(figure => ReportColumn.Number(figure.Heading)),
        ],
        Rows = [.. rows.Select(row => Cells(row, isSeveral))],
        Notes =
        [
            .. notes,
            .. rows.Where(row => !row.Success)
                .Select(row => $"{row.Kernel} {row.Quantization} {KernelFigures.Shape(row)}, batch {FigureFormat.Count(row.BatchSize)}, failed: {row.Error ?? "no reason was recorded."}"),
        ],
    };

    private static IReadOnlyList<ReportCell> Cells(KernelResult row, bool isSeveral) =>
    [
        new(row.Kernel),
        new(row.Quantization ?? FigureFormat.Missing),
        new(KernelFigures.Shape(row)),
        .. Figures(row, isSeveral).Select(figure =>
            row.Success || figure.Heading == BatchHeading ? new ReportCell(figure.Text)
            : figure.Heading == TimeHeading ? new("FAILED", CellTone.Bad)
            : new(FigureFormat.Missing, CellTone.Bad)),
    ];

    private const string BatchHeading = "Batch";
    private const string TimeHeading = "Time(µs)";

    private static IEnumerable<(string Heading, string Text)> Figures(KernelResult row, bool isSeveral) => isSeveral
        ?
        [
            (BatchHeading, FigureFormat.Count(row.BatchSize)),
            (TimeHeading, FigureFormat.WithSpread(row.TimeUs, row.SpreadUs)),
            ("GFLOP/s", FigureFormat.Number(row.GflopPerSec)),
            ("Share", FigureFormat.Percent(row.ArithmeticFraction)),
            ("x FP16", FigureFormat.Times(Ratio.Of(row.Fp16TimeUs, row.TimeUs))),
        ]
        :
        [
            (TimeHeading, FigureFormat.WithSpread(row.TimeUs, row.SpreadUs)),
            ("GB/s", FigureFormat.Number(row.GbPerSec)),
            ("Share", FigureFormat.Percent(row.BandwidthFraction)),
            ("Warm(µs)", FigureFormat.Number(row.WarmTimeUs)),
            ("x FP16", FigureFormat.Times(Ratio.Of(row.Fp16TimeUs, row.TimeUs))),
        ];
}
