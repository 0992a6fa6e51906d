using System.Diagnostics;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Benchmarks;

/// <summary>Reads a device's power and state while work runs back to back. Never during measured calls: reading disturbs them.</summary>
/// <param name="Lead">Work before the first reading: clocks settle, and the power that devices tell, a mean of the last second, is the work's.</param>
/// <param name="Span">Least time between the first and the last reading.</param>
/// <param name="Interval">Time between readings.</param>
internal sealed record EnergyMeter(TimeSpan Lead, TimeSpan Span, TimeSpan Interval)
{
    /// <summary>Two seconds of readings, as the energy counters of devices move in steps of up to a tenth of a second.</summary>
    public static EnergyMeter Default { get; } = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(50));

    /// <summary>Energy and state while <paramref name="work"/> runs again and again; null where the device tells nothing.</summary>
    /// <param name="monitor">The device; null where nothing watches it.</param>
    /// <param name="work">One piece of work, with the device idle when it returns; returns its number of tokens.</param>
    public EnergyRecord? Measure(IDeviceMonitor? monitor, Func<int> work)
    {
        if (monitor is null)
        {
            return null;
        }

        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Lead)
        {
            work();
        }

        List<(double Seconds, DeviceSample Sample)> readings = [Read(monitor, start)];
        var tokens = 0L;
        using ManualResetEventSlim isDone = new();
        Exception? failure = null;
        var reader = new Thread(() =>
        {
            try
            {
                while (!isDone.Wait(Interval))
                {
                    readings.Add(Read(monitor, start));
                }
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        reader.Start();
        try
        {
            var first = Stopwatch.GetTimestamp();
            do
            {
                tokens += work();
            }
            while (Stopwatch.GetElapsedTime(first) < Span);
        }
        finally
        {
            isDone.Set();
            reader.Join();
        }

        if (failure is not null)
        {
            throw new InvalidOperationException($"The device could not be watched: {failure.Message}", failure);
        }

        readings.Add(Read(monitor, start));
        return EnergySummary.Of(readings, tokens);
    }

    private static (double Seconds, DeviceSample Sample) Read(IDeviceMonitor monitor, long start) =>
        (Stopwatch.GetElapsedTime(start).TotalSeconds, monitor.Read());
}
