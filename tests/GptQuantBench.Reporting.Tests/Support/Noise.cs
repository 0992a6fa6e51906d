namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>Noise of several shapes from a seed.</summary>
internal sealed class Noise(int seed)
{
    private readonly Random _random = new(seed);

    public double Uniform() => _random.NextDouble();

    /// <summary>Mean 0, standard deviation 1; Box and Muller.</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    /// <summary>Student's t with two degrees of freedom: its variance is infinite.</summary>
    public double HeavyTailed() => Normal() / Math.Sqrt((Square() + Square()) / 2);

    /// <summary>A normal value whose exponential skews it.</summary>
    public double Skewed() => Math.Exp(Normal()) - Math.Exp(0.5);

    /// <summary>One process in ten is disturbed.</summary>
    public double Disturbed() => _random.NextDouble() < 0.1 ? 20 * _random.NextDouble() : Normal();

    /// <summary>A coin decides which of two memory layouts a process gets.</summary>
    public double TwoModes() => (_random.NextDouble() < 0.5 ? 10 : 0) + 0.1 * Normal();

    public static double[] Values(int count, Func<double> noise) => [.. Enumerable.Range(0, count).Select(_ => noise())];

    private double Square()
    {
        double value = Normal();
        return value * value;
    }
}
