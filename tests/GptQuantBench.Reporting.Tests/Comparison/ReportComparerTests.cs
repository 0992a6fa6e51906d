using GptQuantBench.Reporting.Comparison;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Comparison;

public sealed class ReportComparerTests
{
    private static readonly RunReport _full = SampleReports.Full();

    public static TheoryData<string, Func<CaseResult, CaseResult>> OtherWork => new()
    {
        { "format", result => result with { Format = "int4-g64-asym" } },
        { "backend", result => result with { Backend = "cpu" } },
        { "decode", result => result with { Decode = "eager" } },
        { "prompt ids", result => result with { PromptIds = [464, 2003, 286, 9552, 319] } },
        { "new tokens", result => result with { NumTokensGenerated = 51 } },
        { "batch size", result => result with { BatchSize = 2 } },
        { "weights", result => result with { WeightsSha256 = new string('0', 64) } },
    };

    [Theory]
    [MemberData(nameof(OtherWork))]
    public void OtherWorkIsNotComparableAndSaysWhy(string what, Func<CaseResult, CaseResult> change)
    {
        ReportComparison comparison = Compare(_full, With(0, change));
        Assert.Contains(comparison.Cases[0].NotComparable, reason => reason.StartsWith(what + ":", StringComparison.Ordinal));
        Assert.Empty(comparison.Cases[0].Metrics);
        Assert.All(comparison.Cases.Skip(1).Where(pair => pair.Quantization != "8-bit" || pair.ModelName == "gpt2"), pair => Assert.Empty(pair.NotComparable));
    }

    public static TheoryData<string, Func<RunMetadata, RunMetadata>> OtherConditions => new()
    {
        { "GPU differs: Example GPU, now Other GPU.", metadata => metadata with { Gpu = "Other GPU" } },
        { "Driver differs: 580.1, now 581.0.", metadata => metadata with { Driver = "581.0" } },
        { "CUDA differs: 13.0, now 13.1.", metadata => metadata with { CudaVersion = "13.1" } },
        { "SM clock (MHz) differs: 1980, now 1410.", metadata => metadata with { Clocks = metadata.Clocks! with { SmMhz = 1410 } } },
        { "CPU differs: Example CPU, now unknown.", metadata => metadata with { Host = metadata.Host! with { Cpu = null } } },
    };

    [Theory]
    [MemberData(nameof(OtherConditions))]
    public void OtherConditionsAreNamed(string warning, Func<RunMetadata, RunMetadata> change) =>
        Assert.Contains(warning, Compare(_full, _full with { Metadata = change(_full.Metadata) }).Warnings);

    [Fact]
    public void AReportIsTheSameAsItself()
    {
        ReportComparison comparison = Compare(_full, _full);
        Assert.False(comparison.IsRegression);
        Assert.DoesNotContain(comparison.Warnings, warning => warning.Contains("differs", StringComparison.Ordinal));
        Assert.Contains(comparison.Warnings, warning => warning.Contains("--launchCount 5", StringComparison.Ordinal));
        Assert.Equal(
            ["not measured", "same", "too few samples"],
            comparison.Cases.SelectMany(pair => pair.Metrics).Select(metric => metric.Wording).Append("not measured").Distinct().Order());
    }

    [Fact]
    public void TheSameRunTwiceIsSaid()
    {
        static bool IsSaid(ReportComparison comparison) => comparison.Warnings.Any(warning => warning.Contains("one and the same run", StringComparison.Ordinal));
        Assert.True(IsSaid(Compare(_full, _full)));
        Assert.False(IsSaid(Compare(_full, _full with { Metadata = _full.Metadata with { StartedAt = _full.Metadata.StartedAt!.Value.AddSeconds(1) } })));
    }

    [Theory]
    [InlineData(1, "larger", true)]
    [InlineData(-1, "smaller", false)]
    public void OneByteIsADifference(int bytes, string wording, bool isRegression)
    {
        ReportComparison comparison = Compare(_full, With(0, result => result with { WorkspaceBytes = result.WorkspaceBytes + bytes }));
        Assert.Equal(wording, Metric(comparison, "workspace_bytes").Wording);
        Assert.Equal(isRegression, comparison.IsRegression);
    }

    [Fact]
    public void OtherTokenIdsAreAChangeAndNoRegression()
    {
        ReportComparison comparison = Compare(_full, With(0, result => result with { GeneratedIds = [284, 788] }));
        MetricComparison ids = Metric(comparison, "generated_ids");
        Assert.Equal((Verdict.Changed, "changed"), (ids.Verdict, ids.Wording));
        Assert.Contains("token 2", ids.Note, StringComparison.Ordinal);
        Assert.False(comparison.IsRegression);
    }

    [Theory]
    [InlineData(1.0005, Verdict.Same)]
    [InlineData(1.01, Verdict.Worse)]
    [InlineData(0.99, Verdict.Better)]
    public void PerplexityHasADirection(double factor, Verdict verdict) => Assert.Equal(verdict, Metric(
        Compare(_full, With(0, result => result with { Quality = result.Quality! with { Perplexity = result.Quality.Perplexity * factor } })),
        "perplexity").Verdict);

    [Fact]
    public void ACaseThatFailsNowIsARegressionAndOneThatNoLongerFailsIsNot()
    {
        RunReport failing = With(0, result => CaseFailure.Of(result, "The disk is full."));
        ReportComparison worse = Compare(_full, failing);
        Assert.True(worse.IsRegression);
        Assert.Contains("The disk is full.", worse.Cases[0].Metrics[0].Note, StringComparison.Ordinal);
        Assert.Equal(Verdict.Better, Compare(failing, _full).Cases[0].Metrics[0].Verdict);
    }

    [Fact]
    public void CasesOfOneReportOnlyAreNamed()
    {
        ReportComparison comparison = Compare(_full, _full with { Results = [.. _full.Results.Skip(1)] });
        Assert.Contains("gpt2 FP16 is in the base report only.", comparison.Warnings);
        Assert.Equal(_full.Results.Count - 1, comparison.Cases.Count);
        Assert.Empty(Compare(_full, new RunReport()).Cases);
    }

    [Fact]
    public void CasesOfOneModelAndFormatArePairedByTheirWorkAndDevice()
    {
        CaseResult graph = _full.Results[0] with { Decode = "graph", MemoryGb = 1 };
        CaseResult eager = _full.Results[0] with { Decode = "eager", MemoryGb = 2 };
        CaseResult other = graph with { Device = "Other GPU", MemoryGb = 3 };
        ReportComparison comparison = Compare(_full with { Results = [graph, eager, other] }, _full with { Results = [other, eager, graph] });
        Assert.Equal(["graph", "eager", "graph"], comparison.Cases.Select(pair => pair.Decode));
        Assert.Equal([1.0, 2.0, 3.0], comparison.Cases.Select(pair => pair.Metrics.Single(metric => metric.Metric == "memory_gb").Base!.Value));
        Assert.All(comparison.Cases, pair => Assert.Equal(Verdict.Same, pair.Metrics.Single(metric => metric.Metric == "memory_gb").Verdict));
        Assert.DoesNotContain(comparison.Warnings, warning => warning.Contains("report only", StringComparison.Ordinal));
    }

    [Fact]
    public void ARowIsPairedOnce()
    {
        CaseResult graph = _full.Results[0] with { Decode = "graph" }, eager = graph with { Decode = "eager" };
        ReportComparison more = Compare(_full with { Results = [graph] }, _full with { Results = [graph, eager] });
        Assert.Empty(Assert.Single(more.Cases).NotComparable);
        Assert.Contains("gpt2 FP16 is in the new report only.", more.Warnings);
        ReportComparison fewer = Compare(_full with { Results = [graph, graph with { MemoryGb = 9 }] }, _full with { Results = [graph] });
        Assert.Single(fewer.Cases);
        Assert.Contains("gpt2 FP16 is in the base report only.", fewer.Warnings);
    }

    [Fact]
    public void BackendAndDecodePathAreThoseOfTheRunThatHasThem()
    {
        CaseResult known = _full.Results[0], unknown = known with { Backend = null, Decode = null };
        Assert.Equal(("cuda", "persistent"), Described(known, unknown));
        Assert.Equal(("cuda", "persistent"), Described(unknown, known));
        Assert.Equal((null, null), Described(unknown, unknown));

        static (string? Backend, string? Decode) Described(CaseResult before, CaseResult after)
        {
            CaseVerdicts pair = Assert.Single(Compare(_full with { Results = [before] }, _full with { Results = [after] }).Cases);
            return (pair.Backend, pair.Decode);
        }
    }

    [Fact]
    public void AFailureWithoutAReasonSaysSo()
    {
        RunReport failing = With(0, result => CaseFailure.Of(result, "x") with { Error = null });
        Assert.Equal("It failed in the new run: no reason given", Compare(_full, failing).Cases[0].Metrics.Single().Note);
        Assert.Equal("It failed in the base run: no reason given", Compare(failing, _full).Cases[0].Metrics.Single().Note);
    }

    [Fact]
    public void AFailedCaseTakesNoVerdictOfAnother()
    {
        var noise = new Noise(3);
        RunReport before = RunSimulator.Run(3, 5, noise.Normal, 0.002);
        RunReport after = RunSimulator.Run(3, 5, noise.Normal, 0.002);
        RunReport slow = RunSimulator.Run(1, 5, noise.Normal, 0.002, slowdown: 1.5);
        after = after with { Results = [CaseFailure.Of(after.Results[0], "x"), slow.Results[0] with { ModelName = "model-1" }, after.Results[2]] };
        ReportComparison comparison = Compare(before, after);
        Assert.Equal(["failed"], comparison.Cases[0].Metrics.Select(metric => metric.Wording));
        Assert.Equal(["slower", "slower", "slower"], comparison.Cases[1].Metrics.Select(metric => metric.Wording));
        Assert.Equal(["same", "same", "same"], comparison.Cases[2].Metrics.Select(metric => metric.Wording));
        MetricComparison success = Compare(after, before).Cases[0].Metrics.Single();
        Assert.Equal(("no longer fails", "It failed in the base run: x"), (success.Wording, success.Note));
    }

    [Fact]
    public void WordsHaveTheDirectionOfTheMetric()
    {
        var noise = new Noise(2);
        RunReport slow = RunSimulator.Run(1, 5, noise.Normal, 0.002, slowdown: 1.2);
        RunReport fast = RunSimulator.Run(1, 5, noise.Normal, 0.002);
        MetricComparison throughput = Metric(Compare(fast, slow), "throughput_tokens_per_sec");
        Assert.Equal("slower", throughput.Wording);
        Assert.InRange(throughput.Change!.Value, -0.19, -0.14);
        Assert.InRange(-1 / 6.0, throughput.ChangeLow!.Value, throughput.ChangeHigh!.Value);
        Assert.True(throughput.AdjustedPValue < 0.001);
        Assert.True(Compare(fast, slow).IsRegression);
        Assert.False(Compare(slow, fast).IsRegression);
        Assert.Equal(["faster", "faster", "faster"], Compare(slow, fast).Cases[0].Metrics.Select(metric => metric.Wording));
    }

    [Fact]
    public void ThresholdAndNoiseFloorRaiseTheMinimumEffect()
    {
        var noise = new Noise(2);
        RunReport fast = RunSimulator.Run(1, 5, noise.Normal, 0.002);
        RunReport slow = RunSimulator.Run(1, 5, noise.Normal, 0.002, slowdown: 1.06);
        Assert.True(Compare(fast, slow).IsRegression);
        Assert.False(ReportComparer.Compare(fast, slow, new ComparisonOptions { Threshold = 0.08 }).IsRegression);
        var floor = new NoiseFloor([Compare(fast, RunSimulator.Run(1, 5, noise.Normal, 0.002, slowdown: 1.04))]);
        ReportComparison tolerant = ReportComparer.Compare(fast, slow, new ComparisonOptions { NoiseFloor = floor });
        Assert.False(tolerant.IsRegression);
        Assert.InRange(tolerant.Cases[0].Metrics[0].MinimumEffect!.Value, 0.07, 0.09);
    }

    [Theory]
    [InlineData(3, 5)]
    [InlineData(5, 3)]
    public void ThreeProcessesAreTooFew(int before, int after)
    {
        var noise = new Noise(4);
        ReportComparison comparison = Compare(
            RunSimulator.Run(1, before, noise.Normal, 0.001), RunSimulator.Run(1, after, noise.Normal, 0.001, slowdown: 2));
        Assert.All(comparison.Cases[0].Metrics, metric => Assert.Equal("too few samples", metric.Wording));
        Assert.False(comparison.IsRegression);
    }

    [Fact]
    public void FourProcessesAreEnough()
    {
        var noise = new Noise(4);
        ReportComparison comparison = Compare(
            RunSimulator.Run(1, 4, noise.Normal, 0.001), RunSimulator.Run(1, 4, noise.Normal, 0.001, slowdown: 2));
        Assert.All(comparison.Cases[0].Metrics, metric => Assert.Equal("slower", metric.Wording));
    }

    [Fact]
    public void JsonKeepsEveryVerdict()
    {
        using var folder = new TemporaryFolder();
        var noise = new Noise(6);
        ReportComparison comparison = Compare(
            RunSimulator.Run(2, 5, noise.Normal, 0.002), RunSimulator.Run(2, 5, noise.Normal, 0.002, slowdown: 1.1));
        string path = folder.FileNamed("comparison.json");
        File.WriteAllBytes(path, ComparisonJson.Serialize(comparison));
        ReportComparison read = ComparisonJson.Read(path);
        Assert.Equal(comparison.Cases.SelectMany(pair => pair.Metrics), read.Cases.SelectMany(pair => pair.Metrics));
        Assert.Equal(comparison.Regressions, read.Regressions);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"results\": []}")]
    [InlineData("{\"base\": {}, \"new\": {}, \"threshold\": 0.03, \"cases\": [null]}")]
    [InlineData("{\"base\": {\"device\": \"\\ud800\"}, \"new\": {}, \"threshold\": 0.03}")]
    public void WhatIsNoComparisonIsOneSentence(string content)
    {
        using var folder = new TemporaryFolder();
        string path = folder.FileNamed("comparison.json");
        File.WriteAllText(path, content);
        string message = Assert.Throws<ReportFormatException>(() => ComparisonJson.Read(path)).Message;
        Assert.StartsWith($"Comparison '{path}' cannot be read", message, StringComparison.Ordinal);
        Assert.IsType<FileNotFoundException>(Assert.Throws<ReportFormatException>(() => ComparisonJson.Read(path + "x")).InnerException);
    }

    [Fact]
    public void MoreProcessesThanCanBeComparedAreRefused()
    {
        var noise = new Noise(4);
        RunReport few = RunSimulator.Run(1, 5, noise.Normal, 0.001);
        Assert.Single(Compare(few, RunSimulator.Run(1, 1000, noise.Normal, 0.001)).Cases);
        RunReport many = RunSimulator.Run(1, 1001, noise.Normal, 0.001);
        Assert.Contains("more than 1000 processes", Assert.Throws<ReportFormatException>(() => Compare(few, many)).Message, StringComparison.Ordinal);
        Assert.Contains("more than 1000 processes", Assert.Throws<ReportFormatException>(() => Compare(many, few)).Message, StringComparison.Ordinal);
    }

    private static RunReport With(int index, Func<CaseResult, CaseResult> change) =>
        _full with { Results = [.. _full.Results.Select((result, number) => number == index ? change(result) : result)] };

    private static ReportComparison Compare(RunReport before, RunReport after) => ReportComparer.Compare(before, after, new ComparisonOptions());

    private static MetricComparison Metric(ReportComparison comparison, string key) => comparison.Cases[0].Metrics.Single(metric => metric.Metric == key);
}
