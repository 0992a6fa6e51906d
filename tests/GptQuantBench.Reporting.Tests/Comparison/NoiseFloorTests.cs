using GptQuantBench.Reporting.Comparison;

namespace GptQuantBench.Reporting.Tests.Comparison;

public sealed class NoiseFloorTests
{
    [Fact]
    public void TheFloorOfACaseIsItsLargestChange()
    {
        var floor = new NoiseFloor([Of(("gpt2", "FP16", -0.04), ("gpt2", "8-bit", 0.01)), Of(("gpt2", "FP16", 0.02), ("gpt2", "8-bit", 0.01))]);
        Assert.Equal(0.04, floor.Of("load_time_sec", "gpt2", "FP16"));
    }

    [Fact]
    public void ACaseThatIsCalmByChanceHasTheFloorOfAll()
    {
        var floor = new NoiseFloor([Of(("gpt2", "FP16", 0.04), ("gpt2", "8-bit", 0.001), ("gpt2-medium", "8-bit", 0.03))]);
        double all = Math.Sqrt((0.04 * 0.04 + 0.001 * 0.001 + 0.03 * 0.03) / 3);
        Assert.Equal(all, floor.Of("load_time_sec", "gpt2", "8-bit"), 12);
        Assert.Equal(0.03, floor.Of("load_time_sec", "gpt2-medium", "8-bit"), 12);
        // A case that was not among them.
        Assert.Equal(all, floor.Of("load_time_sec", "gpt2-medium", "FP16"), 12);
    }

    [Fact]
    public void WhatWasNotMeasuredHasNoFloor()
    {
        var floor = new NoiseFloor([Of(("gpt2", "FP16", 0.04))]);
        Assert.Equal(0, floor.Of("first_token_latency_ms", "gpt2", "FP16"));
        Assert.Equal(0, new NoiseFloor([Of(("gpt2", "FP16", null))]).Of("load_time_sec", "gpt2", "FP16"));
    }

    [Fact]
    public void CountedFiguresAreNoNoise()
    {
        ReportComparison counted = Of(("gpt2", "FP16", 0.5));
        counted = counted with { Cases = [.. counted.Cases.Select(pair => pair with { Metrics = [pair.Metrics[0] with { BaseProcesses = null }] })] };
        Assert.Equal(0, new NoiseFloor([counted]).Of("load_time_sec", "gpt2", "FP16"));
    }

    private static ReportComparison Of(params (string Model, string Quantization, double? Change)[] changes) => new()
    {
        Base = new ComparedRun(),
        New = new ComparedRun(),
        Threshold = 0.03,
        Cases =
        [
            .. changes.Select(change => new CaseVerdicts
            {
                ModelName = change.Model,
                Quantization = change.Quantization,
                Metrics =
                [
                    new MetricComparison
                    {
                        Metric = "load_time_sec", Name = "Load", Unit = "s", Verdict = Verdict.Same, Wording = "same", Change = change.Change,
                        BaseProcesses = 5, NewProcesses = 5,
                    },
                ],
            }),
        ],
    };
}
