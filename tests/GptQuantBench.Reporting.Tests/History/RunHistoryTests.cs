using GptQuantBench.Reporting.History;
using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.History;

public sealed class RunHistoryTests
{
    [Fact]
    public void NameHasTimeDeviceAndCommit()
    {
        RunReport report = SampleReports.Full();
        Assert.Equal("20260102T030405Z-example-gpu-0123abc.json", RunHistory.FileName(report));
        RunReport without = report with { Metadata = report.Metadata with { Gpu = "../../ÄÖ GPU: (2)", Commit = null } };
        Assert.Equal("20260102T030405Z-gpu-2-nogit.json", RunHistory.FileName(without));
        Assert.Equal("20260102T030405Z-unknown-nogit.json", RunHistory.FileName(SampleReports.Minimal()));
    }

    [Fact]
    public void NameTakesTheDeviceThatIsKnownAndTwelveDigitsOfACommit()
    {
        RunReport report = SampleReports.Full();
        report = report with
        {
            Metadata = new RunMetadata { Commit = "0123456789abcdef" },
            Results = [report.Results[0] with { Device = null }, report.Results[0] with { Device = "Second (Device)" }],
        };
        Assert.Equal("19700101T000000Z-second-device-0123456789ab.json", RunHistory.FileName(report));
        report = report with { Results = [], Metadata = report.Metadata with { Commit = "0123456789ab" } };
        Assert.Equal("19700101T000000Z-unknown-0123456789ab.json", RunHistory.FileName(report));
        report = report with { Metadata = report.Metadata with { Commit = null, Host = new HostRecord { Cpu = "Some CPU" } } };
        Assert.Equal("19700101T000000Z-some-cpu-nogit.json", RunHistory.FileName(report));
    }

    [Fact]
    public void WhatWasAddedIsReadInOrderAndABrokenFileIsNamed()
    {
        using var folder = new TemporaryFolder();
        foreach (int day in new[] { 3, 1, 2 })
        {
            RunHistory.Add(folder.FileNamed("runs"), Run(day, 100));
        }

        File.WriteAllText(folder.FileNamed("runs", "broken.json"), "{");
        List<string> unreadable = [];
        IReadOnlyList<HistoryEntry> history = RunHistory.Read(folder.FileNamed("runs"), unreadable.Add);
        Assert.Equal([1, 2, 3], history.Select(entry => entry.Report.Metadata.StartedAt!.Value.Day));
        Assert.Contains("broken.json", Assert.Single(unreadable), StringComparison.Ordinal);
        Assert.Throws<ReportFormatException>(() => RunHistory.Read(folder.FileNamed("no-such"), unreadable.Add));
    }

    [Fact]
    public void SeriesFollowACaseAndSkipSmokeRunsAndFailures()
    {
        HistoryEntry[] history =
        [
            .. Enumerable.Range(1, 10).Select(day => new HistoryEntry($"{day}.json", Run(day, day <= 5 ? 100 : 80))),
            new("smoke.json", Run(11, 1) with { Metadata = new RunMetadata { Smoke = true } }),
        ];
        IReadOnlyList<TrendSeries> all = Trends.Of(history);
        TrendSeries throughput = Assert.Single(all, series => series.Case.ModelName == "gpt2" && series.Case.Quantization == "FP16"
            && series.Metric.Key == "throughput_tokens_per_sec");
        Assert.Equal(10, throughput.Points.Count);
        ChangePoint change = Assert.Single(throughput.ChangePoints);
        Assert.Equal((5, 100.0, 80.0, false), (change.Index, change.Before, change.After, change.IsImprovement));
        Assert.DoesNotContain(all, series => series.Case is { ModelName: "gpt2-medium", Quantization: "8-bit" });
    }

    private static RunReport Run(int day, double throughput)
    {
        RunReport full = SampleReports.Full();
        return full with
        {
            Metadata = full.Metadata with { StartedAt = new DateTimeOffset(2026, 1, day, 0, 0, 0, TimeSpan.Zero), Smoke = null },
            Results = [.. full.Results.Select(result => result.Success ? result with { ThroughputTokensPerSec = throughput } : result)],
        };
    }
}
