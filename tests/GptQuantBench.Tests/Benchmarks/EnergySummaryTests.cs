using GptQuantBench.Benchmarks;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Tests.Benchmarks;

/// <summary>Energy and ranges over readings that were made up; expected values by hand.</summary>
public sealed class EnergySummaryTests
{
    private static readonly DeviceSample _steady = new(300_000, null, 1980, 2619, 50, []);

    [Fact]
    public void TheCounterIsTheEnergyWhereTheDeviceHasOne()
    {
        // 500 J in 2 s for 1000 tokens; the power reading lags and is not asked.
        var energy = EnergySummary.Of(
            [(1.0, _steady with { EnergyMillijoules = 7_000_000 }), (2.0, _steady), (3.0, _steady with { EnergyMillijoules = 7_500_000 })], 1000)!;
        Assert.Equal(0.5, energy.JoulesPerToken!.Value, 12);
        Assert.Equal(250, energy.MeanPowerWatts!.Value, 12);
        Assert.Equal((2.0, 1000L, 3, "energy counter"), (energy.Seconds, energy.Tokens, energy.Readings, energy.Source));
    }

    [Fact]
    public void WithoutACounterPowerIsIntegrated()
    {
        // 100 W to 300 W in 1 s: 200 J; 300 W for 0.5 s: 150 J.
        var energy = EnergySummary.Of(
            [(0, _steady with { PowerMilliwatts = 100_000 }), (1, _steady), (1.5, _steady)], 70)!;
        Assert.Equal(5, energy.JoulesPerToken!.Value, 12);
        Assert.Equal(350 / 1.5, energy.MeanPowerWatts!.Value, 12);
        Assert.Equal("power over time", energy.Source);
    }

    [Theory]
    [InlineData(5L, 5L)]
    [InlineData(9_000_000L, 10L)]
    public void ACounterThatStandsStillOrGoesBackIsNotBelieved(long first, long last)
    {
        var energy = EnergySummary.Of([(0, _steady with { EnergyMillijoules = first }), (2, _steady with { EnergyMillijoules = last })], 600)!;
        Assert.Equal(1, energy.JoulesPerToken!.Value, 12);
        Assert.Equal("power over time", energy.Source);
    }

    [Fact]
    public void ADeviceThatTellsNothingHasNoFigures()
    {
        var silent = new DeviceSample(null, null, null, null, null, []);
        var energy = EnergySummary.Of([(0, silent), (2, silent)], 10)!;
        Assert.Null(energy.JoulesPerToken);
        Assert.Null(energy.MeanPowerWatts);
        Assert.Null(energy.Source);
        Assert.Null(energy.SmMhz);
        Assert.Null(energy.MaxTemperatureC);
        Assert.Null(EnergySummary.Of([(0, _steady)], 10));
    }

    [Fact]
    public void ClocksAreRangesAndReasonsAreCollectedOnce()
    {
        var energy = EnergySummary.Of(
            [
                (0, _steady), (1, _steady with { Clock = 1905, Temperature = 61, Throttles = ["power limit"] }),
                (2, _steady with { Throttles = ["power limit", "heat (driver)"] }), (3, _steady with { Clock = 1950 }),
            ],
            10)!;
        Assert.Equal(new ClockRange { Min = 1905, Median = 1965, Max = 1980 }, energy.SmMhz);
        Assert.Equal(new ClockRange { Min = 2619, Median = 2619, Max = 2619 }, energy.MemoryMhz);
        Assert.Equal(61, energy.MaxTemperatureC);
        Assert.Equal(["power limit", "heat (driver)"], energy.ThrottleReasons);
        // (1980 - 1905) / 1980 = 3.8 %.
        Assert.Equal(0.037879, EnergyWarnings.ClockMoved(energy.SmMhz)!.Value, 6);
    }

    [Fact]
    public void TheMeterReadsAtBothEndsAndCountsTheTokensBetweenThem()
    {
        using var monitor = new FakeMonitor();
        var calls = 0;
        var energy = new EnergyMeter(TimeSpan.Zero, TimeSpan.FromMilliseconds(60), TimeSpan.FromMilliseconds(5)).Measure(monitor, () =>
        {
            calls++;
            Thread.Sleep(10);
            return 7;
        })!;
        Assert.Equal(7L * calls, energy.Tokens);
        Assert.Equal(monitor.Readings, energy.Readings);
        Assert.True(energy.Readings >= 2 && energy.Seconds >= 0.06);
        // The monitor's counter grows by 1 J a reading.
        Assert.Equal((energy.Readings!.Value - 1.0) / energy.Tokens!.Value, energy.JoulesPerToken!.Value, 12);
    }

    [Fact]
    public void WithoutAMonitorNothingRuns() =>
        Assert.Null(EnergyMeter.Default.Measure(null, () => throw new InvalidOperationException("must not run")));

    [Fact]
    public void AMonitorThatFailsIsSaid()
    {
        using var monitor = new FakeMonitor { FailsFrom = 2 };
        var error = Assert.Throws<InvalidOperationException>(() =>
            new EnergyMeter(TimeSpan.Zero, TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(1)).Measure(monitor, () =>
            {
                Thread.Sleep(10);
                return 1;
            }));
        Assert.Contains("fell off the bus", error.Message, StringComparison.Ordinal);
    }

    private sealed class FakeMonitor : IDeviceMonitor
    {
        private int _readings;

        public int Readings => _readings;

        public int FailsFrom { get; init; } = int.MaxValue;

        public DeviceSample Read() => Interlocked.Increment(ref _readings) is var reading && reading < FailsFrom
            ? _steady with { EnergyMillijoules = reading * 1000L }
            : throw new InvalidDataException("The GPU fell off the bus.");

        public void Dispose()
        {
        }
    }
}
