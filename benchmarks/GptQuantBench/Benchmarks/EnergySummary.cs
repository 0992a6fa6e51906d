using GptQuantBench.Inference.Backends;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Benchmarks;

/// <summary>From readings of a device to energy and ranges.</summary>
internal static class EnergySummary
{
    private const string Counter = "energy counter";
    private const string Power = "power over time";

    /// <summary>The figures of a span of work; null with less than two readings.</summary>
    /// <param name="readings">Readings with their times in seconds, in order; the first and the last are the span's ends.</param>
    /// <param name="tokens">Tokens that were generated between the first and the last reading.</param>
    public static EnergyRecord? Of(IReadOnlyList<(double Seconds, DeviceSample Sample)> readings, long tokens)
    {
        if (readings.Count < 2)
        {
            return null;
        }

        var seconds = readings[^1].Seconds - readings[0].Seconds;
        var (joules, source) = Joules(readings);
        var temperatures = readings.Select(reading => reading.Sample.Temperature).OfType<int>().ToArray();
        return new EnergyRecord
        {
            Seconds = seconds,
            Tokens = tokens,
            Readings = readings.Count,
            JoulesPerToken = Ratio.Of(joules, tokens),
            MeanPowerWatts = Ratio.Of(joules, seconds),
            Source = source,
            SmMhz = Range(readings.Select(reading => reading.Sample.Clock)),
            MemoryMhz = Range(readings.Select(reading => reading.Sample.MemoryClock)),
            MaxTemperatureC = temperatures.Length == 0 ? null : temperatures.Max(),
            ThrottleReasons = [.. readings.SelectMany(reading => reading.Sample.Throttles).Distinct()],
        };
    }

    /// <summary>
    /// The counter's difference, which misses nothing between the readings; where a device has none, its power integrated by the
    /// trapezoidal rule.
    /// </summary>
    private static (double? Joules, string? Source) Joules(IReadOnlyList<(double Seconds, DeviceSample Sample)> readings)
    {
        // A counter that stands still or went back, as after a reset of the driver, has counted nothing.
        if (readings[^1].Sample.EnergyMillijoules - readings[0].Sample.EnergyMillijoules is { } millijoules and > 0)
        {
            return (millijoules / 1e3, Counter);
        }

        if (readings.Any(reading => reading.Sample.PowerMilliwatts is null))
        {
            return (null, null);
        }

        var joules = 0.0;
        for (var i = 1; i < readings.Count; i++)
        {
            var mean = (readings[i - 1].Sample.PowerMilliwatts!.Value + readings[i].Sample.PowerMilliwatts!.Value) / 2e3;
            joules += mean * (readings[i].Seconds - readings[i - 1].Seconds);
        }

        return (joules, Power);
    }

    private static ClockRange? Range(IEnumerable<int?> clocks)
    {
        int[] known = [.. clocks.OfType<int>()];
        return known.Length == 0
            ? null
            : new ClockRange { Min = known.Min(), Median = SampleStatistics.Median([.. known.Select(clock => (double)clock)]), Max = known.Max() };
    }
}
