using System.Globalization;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Figures;

/// <summary>What follows from the rows of kernels together, and a row in words.</summary>
public static class KernelFigures
{
    private const string Fp16 = "fp16";

    /// <summary>The rows, each with the time of the fastest FP16 kernel for its shape and batch size.</summary>
    public static IReadOnlyList<KernelResult> WithFp16(IReadOnlyList<KernelResult> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return [.. rows.Select(row => row.Rows is null ? row : row with { Fp16TimeUs = rows.Where(other => IsFp16(other, row)).Min(other => other.TimeUs) })];
    }

    /// <summary>Shape and batch size as tables show them, inputs first as in the literature: <c>4096x14336</c>.</summary>
    public static string Shape(KernelResult row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row.Rows is null ? FigureFormat.Missing : string.Create(CultureInfo.InvariantCulture, $"{row.Columns}x{row.Rows}");
    }

    /// <summary>What was measured, with units.</summary>
    public static string Measured(KernelResult row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return string.Join(", ", Parts().OfType<string>());

        IEnumerable<string?> Parts()
        {
            yield return With(row.TimeUs, "µs");
            yield return With(row.GbPerSec, "GB/s") is { } speed && row.BandwidthFraction is { } share ? $"{speed} ({FigureFormat.Percent(share)})" : With(row.GbPerSec, "GB/s");
            yield return With(row.GflopPerSec, "GFLOP/s");
            yield return With(row.WarmTimeUs, "µs from cache");
        }
    }

    private static bool IsFp16(KernelResult other, KernelResult row) =>
        other.Success && other.Format == Fp16 && other.Rows == row.Rows && other.Columns == row.Columns && other.BatchSize == row.BatchSize
        && other.Backend == row.Backend && other.Device == row.Device;

    private static string? With(double? value, string unit) => Ratio.Finite(value) is null ? null : $"{FigureFormat.Number(value)} {unit}";
}
