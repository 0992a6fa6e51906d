using System.Diagnostics;

namespace GptQuantBench.Inference.Backends;

/// <summary>From the passes of a probe to a rate.</summary>
public static class ProbeRate
{
    /// <summary>Timed passes of a measurement that stands beside a case: with several times the data of a token, some tenths of a second.</summary>
    public const int Passes = 9;

    /// <summary>Bytes or operations per second: the median over passes, after one that warms up.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="passes">Timed passes, at least 1.</param>
    /// <param name="work">The work of a pass.</param>
    public static double Median(IDeviceProbe probe, int passes, Func<IDeviceProbe, long> work)
    {
        ArgumentNullException.ThrowIfNull(probe);
        ArgumentNullException.ThrowIfNull(work);
        ArgumentOutOfRangeException.ThrowIfLessThan(passes, 1);
        double[] rates = new double[passes];
        for (int pass = -1; pass < passes; pass++)
        {
            long start = Stopwatch.GetTimestamp();
            double seconds = probe.Pass() ?? Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (pass >= 0)
            {
                rates[pass] = work(probe) / seconds;
            }
        }

        Array.Sort(rates);
        return rates[passes / 2];
    }
}
