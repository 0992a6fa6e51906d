using Perfolizer.Mathematics.Distributions.ContinuousDistributions;

namespace GptQuantBench.Reporting.Comparison;

/// <summary>
/// Welch's two-sample t test (B. L. Welch, Biometrika 34, 1947) with the degrees of freedom of Satterthwaite: equal means, variances
/// that need not be equal.
/// </summary>
/// <param name="Difference">Mean of the second sample − mean of the first.</param>
/// <param name="StandardError">Of the difference.</param>
/// <param name="DegreesOfFreedom">At least the smaller sample's size − 1.</param>
public sealed record WelchTest(double Difference, double StandardError, double DegreesOfFreedom)
{
    /// <summary>Two-sided p value; samples without any variance differ for certain or not at all.</summary>
    public double PValue => StandardError > 0
        ? 2 * new StudentDistribution(DegreesOfFreedom).Cdf(-Math.Abs(Difference) / StandardError)
        : Difference == 0 ? 1 : 0;

    /// <summary>Tests two samples of at least two values each.</summary>
    public static WelchTest Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentOutOfRangeException.ThrowIfLessThan(first.Count, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(second.Count, 2);
        double a = SquaredErrorOfMean(first);
        double b = SquaredErrorOfMean(second);
        double degrees = a + b > 0
            ? (a + b) * (a + b) / (a * a / (first.Count - 1) + b * b / (second.Count - 1))
            : first.Count + second.Count - 2;
        return new WelchTest(second.Average() - first.Average(), Math.Sqrt(a + b), degrees);
    }

    private static double SquaredErrorOfMean(IReadOnlyList<double> sample)
    {
        double mean = sample.Average();
        return sample.Sum(value => (value - mean) * (value - mean)) / (sample.Count - 1) / sample.Count;
    }
}
