using Perfolizer.Mathematics.Distributions.ContinuousDistributions;

namespace GptQuantBench.Reporting.Comparison;

/// <summary>
/// Whether the processes of two runs differ in one metric. The Mann-Whitney test alone cannot say so after Holm: with five processes a
/// side its smallest p value is 2/252. So Welch's t test on logarithms gives the p value that Holm adjusts, and the rank test, which
/// assumes nothing of the noise, must agree at 5 %. And the difference must stand out of the drift: of the machine's, as far as both runs
/// show any, at 5 %, and of the metric's own, where that is certain, as strictly as out of the noise.
/// </summary>
internal sealed class EffectTest
{
    /// <summary>Share of comparisons that find a detectable effect.</summary>
    private const double Power = 0.95;

    /// <summary>One-sided.</summary>
    private const double MachineDriftLevel = 0.01;

    private readonly WelchTest _welch;
    private readonly WelchTest _machine;
    private readonly WelchTest? _corrected;

    /// <param name="sample">Processes of both runs, large enough.</param>
    /// <param name="drift">The metric's drift in the two runs.</param>
    /// <param name="machineDrift">The drift that all metrics share.</param>
    public EffectTest(ProcessSample sample, Drift drift, Drift machineDrift)
    {
        Interval = RankInterval.Of(sample.Base, sample.New, ComparisonOptions.Confidence);
        _welch = WelchTest.Of(sample.Base, sample.New);
        _machine = machineDrift.Correct(sample);
        _corrected = drift.IsCertain ? drift.Correct(sample) : null;
        PValue = _corrected is null ? _welch.PValue : Math.Max(_welch.PValue, _corrected.PValue);
    }

    /// <summary>Shift of the logarithms and its 95 % confidence interval.</summary>
    public RankInterval Interval { get; }

    /// <summary>The p value before Holm's adjustment.</summary>
    public double PValue { get; }

    /// <summary>True where the runs drift.</summary>
    public bool Drifts => _corrected is not null;

    /// <summary>Change as a share: e to the shift − 1.</summary>
    public static double Share(double shift) => Math.Exp(shift) - 1;

    /// <summary>True where the difference is certain and at least as large as the minimum effect, a share, up or down.</summary>
    public bool IsDifference(double adjustedPValue, double minimumEffect) =>
        adjustedPValue <= ComparisonOptions.FamilyErrorRate
        && Interval.ExcludesZero
        && Math.Abs(Interval.Shift) >= Math.Log(1 + minimumEffect)
        && Agrees(_machine) && _machine.PValue <= 2 * MachineDriftLevel
        && (_corrected is null || (Agrees(_corrected) && Math.Abs(_corrected.Difference) >= Math.Log(1 + minimumEffect)));

    /// <summary>
    /// The smallest change, as a share, that is found with a probability of 95 %: it passes Holm's first step, the minimum effect and the
    /// machine's drift, each at that power.
    /// </summary>
    public double DetectableEffect(int verdicts, double minimumEffect)
    {
        WelchTest test = _corrected ?? _welch;
        double minimum = Math.Log(1 + minimumEffect) + Quantile(test, Power) * test.StandardError;
        double noise = Detectable(test, 1 - ComparisonOptions.FamilyErrorRate / verdicts / 2);
        double drift = Detectable(_machine, 1 - MachineDriftLevel);
        return Share(Math.Max(minimum, Math.Max(noise, drift)));
    }

    /// <summary>
    /// The noncentrality at which a t test has the power, in units of the difference; the approximation of Johnson and Welch, Applications
    /// of the non-central t-distribution, Biometrika 31, 1940.
    /// </summary>
    private static double Detectable(WelchTest test, double level)
    {
        double critical = Quantile(test, level);
        double spread = Math.Sqrt(1 + critical * critical / (2 * test.DegreesOfFreedom));
        return (critical + NormalDistribution.Standard.Quantile(Power) * spread) * test.StandardError;
    }

    private bool Agrees(WelchTest test) => Math.Sign(test.Difference) == Math.Sign(Interval.Shift);

    private static double Quantile(WelchTest test, double probability) => new StudentDistribution(test.DegreesOfFreedom).Quantile(probability);
}
