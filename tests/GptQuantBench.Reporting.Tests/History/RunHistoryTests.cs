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
        report = report with { Metadata = report.Metadata with { Host = new HostRecord { Cpu = "Some CPU" } } };
        Assert.Equal("19700101T000000Z-second-device-0123456789ab.json", RunHistory.FileName(report));
        report = report with { Results = [], Metadata = report.Metadata with { Commit = "0123456789ab", Host = null } };
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
        string missing = folder.FileNamed("no-such");
        string message = Assert.Throws<ReportFormatException>(() => RunHistory.Read(missing, unreadable.Add)).Message;
        Assert.StartsWith($"History '{missing}' cannot be read (", message, StringComparison.Ordinal);
        Assert.EndsWith("): give the folder of earlier runs, artifacts/runs.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void RunsOfOneMomentAreInTheOrderOfTheirFilesAndThoseWithoutATimeFirst()
    {
        using var folder = new TemporaryFolder();
        foreach ((string name, int day) in new[] { ("c", 2), ("b", 2), ("d", 1) })
        {
            ReportFile.Write(folder.FileNamed(name + ".json"), Run(day, 100));
        }

        RunReport untimed = Run(3, 100);
        ReportFile.Write(folder.FileNamed("z.json"), untimed with { Metadata = untimed.Metadata with { StartedAt = null } });
        File.WriteAllText(folder.FileNamed("notes.txt"), "no report");
        Assert.Equal(["z.json", "d.json", "b.json", "c.json"], RunHistory.Read(folder.FileNamed(), Assert.Fail).Select(entry => Path.GetFileName(entry.File)));
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
        Assert.All(all, series => Assert.Equal(10, series.Points.Count));
        RunReport unmeasured = Run(1, 100);
        unmeasured = unmeasured with { Results = [unmeasured.Results[0] with { MemoryGb = null, LoadTimeSec = double.NaN, FirstTokenLatencyMs = double.PositiveInfinity }] };
        Assert.Equal(["throughput_tokens_per_sec"], Trends.Of([new("1.json", unmeasured)]).Select(series => series.Metric.Key));
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
