using Perfolizer.Mathematics.Distributions.ContinuousDistributions;

namespace GptQuantBench.Reporting.Comparison;

/// <summary>
/// A trend inside the runs, e.g. of a machine that warms up: the change of a logarithm from one process to the next, by least squares
/// with a level of its own for each case in each run.
/// </summary>
/// <param name="Slope">Change of the logarithm from one process to the next.</param>
/// <param name="StandardError">Of the slope.</param>
/// <param name="DegreesOfFreedom">Values − levels − 1.</param>
internal sealed record Drift(double Slope, double StandardError, double DegreesOfFreedom)
{
    // Wide, because a trend that is not seen becomes a wrong verdict, and one that is seen in error costs only power.
    private const double SignificanceLevel = 0.05;

    // Timers have steps: a metric may show no noise at all, and must not then weigh infinitely much.
    private const double SmallestVariance = 1e-12;

    /// <summary>True where the trend is more than chance.</summary>
    public bool IsCertain => PValue <= SignificanceLevel;

    private double PValue => StandardError > 0
        ? 2 * new StudentDistribution(DegreesOfFreedom).Cdf(-Math.Abs(Slope) / StandardError)
        : Slope == 0 ? 1 : 0;

    /// <summary>The trend of one metric, common to all cases and both runs.</summary>
    /// <param name="samples">The metric's samples, one for each case, large enough.</param>
    public static Drift Of(IReadOnlyList<ProcessSample> samples)
    {
        double[][] runs = [.. samples.SelectMany(sample => new[] { sample.Base, sample.New })];
        double products = 0;
        double squares = 0;
        double total = 0;
        foreach (double[] run in runs)
        {
            double mean = run.Average();
            double middle = (run.Length - 1) / 2.0;
            products += run.Select((value, index) => (index - middle) * (value - mean)).Sum();
            squares += run.Select((_, index) => (index - middle) * (index - middle)).Sum();
            total += run.Sum(value => (value - mean) * (value - mean));
        }

        double slope = products / squares;
        int degrees = runs.Sum(run => run.Length) - runs.Length - 1;
        double variance = Math.Max(0, total - slope * products) / degrees;
        return new Drift(slope, Math.Sqrt(variance / squares), degrees);
    }

    /// <summary>The trend of the machine: the mean of several metrics' trends, each weighed by its certainty.</summary>
    /// <param name="drifts">The trends, all counted so that slower is positive.</param>
    public static Drift Common(IReadOnlyCollection<Drift> drifts)
    {
        double weights = drifts.Sum(drift => drift.Weight);
        return new Drift(
            drifts.Sum(drift => drift.Weight * drift.Slope) / weights, Math.Sqrt(1 / weights), drifts.Sum(drift => drift.DegreesOfFreedom));
    }

    /// <summary>The same trend counted the other way: of a rate instead of a time.</summary>
    public Drift Negated() => this with { Slope = -Slope };

    /// <summary>The difference of means less what the trend carries from one run to the other, which follows at once.</summary>
    public WelchTest Correct(ProcessSample sample)
    {
        WelchTest test = WelchTest.Of(Detrended(sample.Base), Detrended(sample.New));
        double carriedError = StandardError * sample.Distance;
        return test with
        {
            Difference = test.Difference - Slope * sample.Distance,
            StandardError = Math.Sqrt(test.StandardError * test.StandardError + carriedError * carriedError),
        };
    }

    private double Weight => 1 / Math.Max(SmallestVariance, StandardError * StandardError);

    private double[] Detrended(double[] run) => [.. run.Select((value, index) => value - Slope * (index - (run.Length - 1) / 2.0))];
}
