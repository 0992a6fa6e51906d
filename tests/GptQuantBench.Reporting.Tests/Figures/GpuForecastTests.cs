using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class GpuForecastTests
{
    private static readonly KnownGpu _gpu = new("Example", 1000);

    private static readonly CaseResult _case = new()
    {
        ModelName = "gpt2",
        Quantization = "FP16",
        Success = true,
        Backend = "cuda",
        InterTokenLatencyMs = new InterTokenLatency { Mean = 0.3 },
        Roofline = RooflineRecord.Of(250_000_000, 2500, 0.3),
    };

    [Fact]
    public void FromAGpuWhatATokenTakesBeyondReadingIsKept()
    {
        // Read in 100 µs of 300 here, so 200 beyond; 250 µs to read there: 450 µs.
        Assert.Equal(1e6 / 450, GpuForecast.TokensPerSec(_case, _gpu)!.Value, 9);
        Assert.False(GpuForecast.IsUpperLimit(_case));
    }

    [Fact]
    public void FromACpuItIsTheUpperLimitOfBytesAndBandwidth()
    {
        CaseResult cpu = _case with { Backend = "cpu" };
        Assert.Equal(4000, GpuForecast.TokensPerSec(cpu, _gpu)!.Value, 9);
        Assert.True(GpuForecast.IsUpperLimit(cpu));
    }

    [Fact]
    public void WeightsInACacheAreNotTimeGained() =>
        Assert.Equal(4000, GpuForecast.TokensPerSec(_case with { InterTokenLatencyMs = new InterTokenLatency { Mean = 0.05 } }, _gpu)!.Value, 9);

    [Fact]
    public void WithoutItsInputsThereIsNone()
    {
        Assert.Null(GpuForecast.TokensPerSec(_case with { Roofline = null }, _gpu));
        Assert.Null(GpuForecast.TokensPerSec(_case with { InterTokenLatencyMs = null }, _gpu));
    }

    [Fact]
    public void TheTableSaysThatNothingInItWasMeasured()
    {
        ReportTable table = ForecastTable.Of(SampleReports.Full())!;
        Assert.Contains("not measured", table.Title, StringComparison.Ordinal);
        Assert.Equal(5, table.Rows.Count);
        Assert.All(table.Rows, row => Assert.Equal(2 + KnownGpu.All.Count, row.Count));
        Assert.Null(ForecastTable.Of(SampleReports.Minimal()));
    }

    [Theory]
    [InlineData(1980, 1941, false)]
    [InlineData(1980, 1940, true)]
    public void AClockThatMovesByMoreThanTwoPercentIsAWarning(int max, int min, bool warns)
    {
        CaseResult moved = _case with { Energy = new EnergyRecord { SmMhz = new ClockRange { Min = min, Max = max } } };
        Assert.Equal(warns, EnergyWarnings.Of(moved).Any());
    }

    [Fact]
    public void WhatHeldTheGpuBackIsAWarningAndNothingIsNone()
    {
        CaseResult held = _case with { Energy = new EnergyRecord { ThrottleReasons = ["power limit", "heat (driver)"] } };
        Assert.Equal("gpt2 FP16: the GPU was held back by power limit, heat (driver); its figures may not come again.", Assert.Single(EnergyWarnings.Of(held)));
        Assert.Empty(EnergyWarnings.Of(_case));
    }
}
