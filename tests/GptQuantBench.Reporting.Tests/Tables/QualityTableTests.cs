using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;

namespace GptQuantBench.Reporting.Tests.Tables;

public sealed class QualityTableTests
{
    [Fact]
    public void TrainedWeightsShowTheirOwnFigures()
    {
        var table = QualityTable.Of(Report(WeightKind.Real, new QualityRecord
        {
            Perplexity = 79.31,
            PerplexityRatio = 1.0454,
            MeanKlDivergence = 0.0503,
            SameTop1Share = 0.817,
            ScoredTokens = 100,
            StandardErrors = new QualityErrors { PerplexityRatio = 0.0016, MeanKlDivergence = 0.0002, SameTop1Share = 0.002 },
        }))!;
        Assert.Equal(["m", "4-bit", "79.31", "+4.54 ±0.16%", "0.05030 ±0.00020", "81.70 ±0.20%"], table.Rows.Single().Select(cell => cell.Text));
    }

    [Fact]
    public void SyntheticWeightsShowTheShippedModelsFiguresAndSaySo()
    {
        var table = QualityTable.Of(Report(WeightKind.Synthetic, null))!;
        var shipped = ShippedQuality.Report.Results.Single(row => row.Format == "int4-g32-sym+mse");
        Assert.Contains("gpt2-nano (not on this run's synthetic weights)", table.Title, StringComparison.Ordinal);
        Assert.Equal(shipped.Quality.Perplexity!.Value.ToString("F2", System.Globalization.CultureInfo.InvariantCulture), table.Rows.Single()[1].Text);
    }

    [Fact]
    public void TrainedWeightsWithoutAMeasurementShowNothing() => Assert.Null(QualityTable.Of(Report(WeightKind.Real, null)));

    [Fact]
    public void TheShippedFiguresHaveFp16FirstAndEveryFormatOnce()
    {
        var rows = ShippedQuality.Report.Results;
        Assert.Equal("FP16", rows[0].Quantization);
        Assert.Equal(rows.Count, rows.Select(row => row.Format).Distinct().Count());
        Assert.All(rows.Skip(1), row => Assert.InRange(row.Quality.MeanKlDivergence!.Value, 1e-5, 0.2));
    }

    private static RunReport Report(WeightKind weights, QualityRecord? quality) => new()
    {
        Results =
        [
            new CaseResult { ModelName = "m", Quantization = "4-bit", Format = "int4-g32-sym+mse", Success = true, Weights = weights, Quality = quality },
        ],
    };
}
