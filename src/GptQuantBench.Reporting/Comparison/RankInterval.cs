using GptQuantBench.Reporting.Figures;
using Perfolizer.Mathematics.SignificanceTesting.MannWhitney;

namespace GptQuantBench.Reporting.Comparison;

/// <summary>
/// The Hodges-Lehmann shift between two samples with the confidence interval that inverts the Mann-Whitney test: it assumes no
/// distribution, and leaves out 0 exactly where the two-sided test rejects at 1 − confidence (Hollander, Wolfe, Chicken: Nonparametric
/// Statistical Methods, 4.3; the distribution of U is Perfolizer's).
/// </summary>
/// <param name="Shift">Median of the differences between each value of the second sample and each of the first.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end of the interval.</param>
public sealed record RankInterval(double Shift, double Low, double High)
{
    // Counts of the exact distribution leave 64 bits somewhere above; there, the approximation is good to four digits.
    private const int LargestExactSize = 40;

    /// <summary>True where the Mann-Whitney test rejects equality at the interval's level.</summary>
    public bool ExcludesZero => Low > 0 || High < 0;

    /// <summary>The shift of the second sample against the first; an infinite interval where the samples are too small for the level.</summary>
    public static RankInterval Of(IReadOnlyList<double> first, IReadOnlyList<double> second, double confidence)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        double[] differences = [.. first.SelectMany(a => second.Select(b => b - a)).Order()];
        int left = Excluded(first.Count, second.Count, (1 - confidence) / 2);
        double shift = SampleStatistics.Median(differences) ?? throw new ArgumentException("A sample is empty.", nameof(first));
        return left == 0
            ? new RankInterval(shift, double.NegativeInfinity, double.PositiveInfinity)
            : new RankInterval(shift, differences[left - 1], differences[^left]);
    }

    /// <summary>The largest k with P(U &lt; k) ≤ <paramref name="tail"/>; Perfolizer's distribution function is P(U &lt; u) too.</summary>
    private static int Excluded(int firstCount, int secondCount, double tail)
    {
        IMannWhitneyCdf distribution = firstCount + secondCount <= LargestExactSize
            ? MannWhitneyLoefflerExactCdf.Instance
            : MannWhitneyEdgeworthApproxCdf.Instance;
        int k = 0;
        while (k < firstCount * secondCount / 2 && distribution.Cdf(firstCount, secondCount, k + 1) <= tail)
        {
            k++;
        }

        return k;
    }
}
