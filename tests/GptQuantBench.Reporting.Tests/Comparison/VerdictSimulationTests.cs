using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Comparison;

/// <summary>
/// What is promised: a build compared with itself is the same in 19 of 20 comparisons whatever the noise, and a slowdown of 5 % is found
/// in 19 of 20 where the processes' standard deviation is at most 1 %. Five processes a side; seeds are fixed, so nothing here is luck.
/// </summary>
public sealed class VerdictSimulationTests
{
    private const int Repeats = 400;
    private const int Processes = 5;

    public static TheoryData<string, int, double> Noises
    {
        get
        {
            var data = new TheoryData<string, int, double>();
            foreach (string noise in new[] { "normal", "heavy-tailed", "skewed", "disturbed", "two modes" })
            {
                foreach (int cases in new[] { 1, 6 })
                {
                    foreach (double deviation in new[] { 0.003, 0.03, 0.3 })
                    {
                        data.Add(noise, cases, deviation);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Noises))]
    public void ABuildIsTheSameAsItself(string shape, int cases, double deviation)
    {
        var noise = new Noise(cases);
        Func<double> next = Shape(noise, shape);
        int same = Enumerable.Range(0, Repeats).Count(_ => IsSame(
            RunSimulator.Run(cases, Processes, next, deviation), RunSimulator.Run(cases, Processes, next, deviation)));
        Assert.True(same >= 0.95 * Repeats, $"{same} of {Repeats}");
    }

    /// <summary>The machine gets slower from process to process, and goes on doing so in the second run.</summary>
    [Theory]
    [InlineData(1, 0.01, 0.005)]
    [InlineData(1, 0.01, 0.02)]
    [InlineData(1, 0.03, 0.006)]
    [InlineData(1, 0.03, 0.015)]
    [InlineData(6, 0.01, 0.003)]
    [InlineData(6, 0.03, 0.006)]
    [InlineData(6, 0.03, -0.015)]
    [InlineData(6, 0.003, 0.05)]
    public void ABuildOnAMachineThatDriftsIsTheSameAsItself(int cases, double deviation, double drift)
    {
        var noise = new Noise(11);
        int same = Enumerable.Range(0, Repeats).Count(_ => IsSame(
            RunSimulator.Run(cases, Processes, noise.Normal, deviation, drift: drift),
            RunSimulator.Run(cases, Processes, noise.Normal, deviation, drift: drift, firstProcess: Processes)));
        Assert.True(same >= 0.95 * Repeats, $"{same} of {Repeats}");
    }

    [Theory]
    [InlineData(1, 0.002)]
    [InlineData(1, 0.01)]
    [InlineData(6, 0.002)]
    [InlineData(6, 0.01)]
    public void ASlowdownOfFivePercentIsFound(int cases, double deviation)
    {
        var noise = new Noise(3);
        int found = 0;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            ReportComparison comparison = Compare(
                RunSimulator.Run(cases, Processes, noise.Normal, deviation), RunSimulator.Run(cases, Processes, noise.Normal, deviation, slowdown: 1.05));
            found += comparison.Cases[0].Metrics.Count(metric => metric.Wording == "slower");
        }

        Assert.True(found >= 0.95 * 3 * Repeats, $"{found} of {3 * Repeats}");
    }

    /// <summary>The detectable effect is an estimate from ten values; on average it must be what it says, within a few percent.</summary>
    [Theory]
    [InlineData(1, 0.005)]
    [InlineData(1, 0.03)]
    [InlineData(6, 0.03)]
    public void ADetectableSlowdownIsFoundAndHalfOfItIsNot(int cases, double deviation)
    {
        var noise = new Noise(5);
        double detectable = Enumerable.Range(0, 50).Average(_ => Compare(
            RunSimulator.Run(cases, Processes, noise.Normal, deviation), RunSimulator.Run(cases, Processes, noise.Normal, deviation))
            .Cases[0].Metrics[0].DetectableEffect!.Value);
        int Found(double effect) => Enumerable.Range(0, Repeats).Sum(_ => Compare(
            RunSimulator.Run(cases, Processes, noise.Normal, deviation), RunSimulator.Run(cases, Processes, noise.Normal, deviation, slowdown: 1 + effect))
            .Cases[0].Metrics.Count(metric => metric.Verdict == Verdict.Worse));
        Assert.InRange(Found(detectable), 0.87 * 3 * Repeats, 3 * Repeats);
        Assert.InRange(Found(detectable / 2), 0, 0.5 * 3 * Repeats);
    }

    /// <summary>Between two runs a machine may change as a whole; what five comparisons of the build with itself saw is its floor.</summary>
    [Fact]
    public void WithANoiseFloorABuildIsTheSameAsItselfThoughTheMachineChangesBetweenRuns()
    {
        const double betweenRuns = 0.05;
        var noise = new Noise(9);
        RunReport Run()
        {
            double level = Math.Exp(betweenRuns * noise.Normal());
            return Scaled(RunSimulator.Run(1, Processes, noise.Normal, 0.01), level);
        }

        int same = 0;
        int sameWithoutFloor = 0;
        for (int repeat = 0; repeat < Repeats; repeat++)
        {
            var floor = new NoiseFloor([.. Enumerable.Range(0, 5).Select(_ => Compare(Run(), Run()))]);
            (RunReport before, RunReport after) = (Run(), Run());
            same += IsSame(before, after, new ComparisonOptions { NoiseFloor = floor }) ? 1 : 0;
            sameWithoutFloor += IsSame(before, after) ? 1 : 0;
        }

        Assert.True(same >= 0.95 * Repeats, $"{same} of {Repeats}");
        Assert.True(sameWithoutFloor < 0.7 * Repeats, $"{sameWithoutFloor} of {Repeats}");
    }

    private static RunReport Scaled(RunReport report, double level) => report with
    {
        Results =
        [
            .. report.Results.Select(result => result with
            {
                Samples = new CaseSamples
                {
                    LoadTimeSec = Scaled(result.Samples!.LoadTimeSec!, level),
                    FirstTokenLatencyMs = Scaled(result.Samples.FirstTokenLatencyMs!, level),
                    TotalInferenceTimeSec = Scaled(result.Samples.TotalInferenceTimeSec!, level),
                },
            }),
        ],
    };

    private static IReadOnlyList<IReadOnlyList<double>> Scaled(IReadOnlyList<IReadOnlyList<double>> samples, double level) =>
        [.. samples.Select(IReadOnlyList<double> (process) => [.. process.Select(value => value * level)])];

    private static Func<double> Shape(Noise noise, string shape) => shape switch
    {
        "normal" => noise.Normal,
        "heavy-tailed" => noise.HeavyTailed,
        "skewed" => noise.Skewed,
        "disturbed" => noise.Disturbed,
        "two modes" => noise.TwoModes,
        _ => throw new ArgumentOutOfRangeException(nameof(shape)),
    };

    private static ReportComparison Compare(RunReport before, RunReport after) => ReportComparer.Compare(before, after, new ComparisonOptions());

    private static bool IsSame(RunReport before, RunReport after, ComparisonOptions? options = null) =>
        ReportComparer.Compare(before, after, options ?? new ComparisonOptions()).Cases
            .SelectMany(pair => pair.Metrics)
            .Where(metric => metric.BaseProcesses is not null)
            .All(metric => metric.Verdict == Verdict.Same);
}
