using System.Text.Json;
using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Comparison;

/// <summary>
/// The promises over processes that were really measured: twenty runs of five processes of one build, each compared with the next. The
/// machine is noisy (a process's standard deviation is 6 to 25 %), so a slowdown of 5 % is looked for in the same noise made as small as
/// 1 %, and in the noise as it is the detectable effect must say that 5 % cannot be found.
/// </summary>
public sealed class RecordedSampleTests
{
    private const int Processes = 5;
    private static readonly CaseResult[] _runs = [.. Enumerable.Range(1, 4).SelectMany(Runs)];

    [Fact]
    public void ABuildIsTheSameAsItselfInNineteenOfTwentyComparisons()
    {
        Assert.Equal(20, _runs.Length);
        Assert.InRange(Pairs().Count(pair => Compare(pair.First, pair.Second).All(metric => metric.Verdict == Verdict.Same)), 19, 20);
    }

    [Fact]
    public void FivePercentIsFoundWhereTheSameNoiseIsOnePercent()
    {
        foreach (string metric in Keys)
        {
            int found = Pairs().Count(pair => Compare(Quiet(pair.First), Slower(Quiet(pair.Second), 1.05))
                .Single(verdict => verdict.Metric == metric).Wording == "slower");
            Assert.True(found >= 19, $"{metric}: {found} of 20");
        }
    }

    [Fact]
    public void WhereFivePercentCannotBeFoundTheDetectableEffectSaysSo()
    {
        Assert.All(Pairs(), pair => Assert.All(
            Compare(pair.First, Slower(pair.Second, 1.05)), metric => Assert.True(metric.DetectableEffect > 0.05, $"{metric}")));
        int found = Pairs().Sum(pair => Compare(pair.First, Slower(pair.Second, 5)).Count(metric => metric.Verdict == Verdict.Worse));
        Assert.InRange(found, 36, 40);
    }

    private static IEnumerable<string> Keys => Compare(_runs[0], _runs[1]).Select(metric => metric.Metric);

    private static IEnumerable<(CaseResult First, CaseResult Second)> Pairs() => _runs.Zip(_runs.Skip(1).Append(_runs[0]));

    private static MetricComparison[] Compare(CaseResult before, CaseResult after) =>
    [
        .. ReportComparer.Compare(new RunReport { Results = [before] }, new RunReport { Results = [after] }, new ComparisonOptions())
            .Cases[0].Metrics.Where(metric => metric.BaseProcesses > 0),
    ];

    private static CaseResult Slower(CaseResult run, double factor) => Mapped(run, (process, _) => [.. process.Select(value => value * factor)]);

    /// <summary>Each process's distance from the level of all runs, as a logarithm, shrunk so that the standard deviation is 1 %.</summary>
    private static CaseResult Quiet(CaseResult run) => Mapped(run, (process, samples) =>
    {
        double[] all = [.. _runs.SelectMany(other => samples(other.Samples!)!).Select(LogMedian)];
        double level = all.Average();
        double deviation = Math.Sqrt(all.Sum(value => (value - level) * (value - level)) / (all.Length - 1));
        return [Math.Exp(level + (LogMedian(process) - level) * 0.01 / deviation)];
    });

    private static double LogMedian(IReadOnlyList<double> process) => Math.Log(SampleStatistics.Median(process)!.Value);

    private static CaseResult Mapped(
        CaseResult run, Func<IReadOnlyList<double>, Func<CaseSamples, IReadOnlyList<IReadOnlyList<double>>?>, IReadOnlyList<double>> map) => run with
        {
            Samples = new CaseSamples
            {
                FirstTokenLatencyMs = [.. run.Samples!.FirstTokenLatencyMs!.Select(process => map(process, samples => samples.FirstTokenLatencyMs))],
                TotalInferenceTimeSec = [.. run.Samples.TotalInferenceTimeSec!.Select(process => map(process, samples => samples.TotalInferenceTimeSec))],
            },
        };

    private static IEnumerable<CaseResult> Runs(int file)
    {
        using JsonDocument document = JsonDocument.Parse(
            File.ReadAllText(Repository.PathOf("tests", "GptQuantBench.Reporting.Tests", "Recorded", $"same-build-{file}.json")));
        JsonElement samples = document.RootElement.GetProperty("samples");
        double[][] Read(string phase) => samples.GetProperty(phase).Deserialize<double[][]>()!;
        return [.. Read("first_token_latency_ms").Chunk(Processes).Zip(Read("total_inference_time_sec").Chunk(Processes)).Select(run =>
            RunSimulator.Case("gpt2-nano", new CaseSamples { FirstTokenLatencyMs = run.First, TotalInferenceTimeSec = run.Second }))];
    }
}
