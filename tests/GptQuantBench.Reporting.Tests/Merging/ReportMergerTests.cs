using GptQuantBench.Reporting.Json;
using GptQuantBench.Reporting.Merging;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Merging;

public sealed class ReportMergerTests
{
    private static readonly RunReport _whole = SampleReports.Full() with { Parts = null, Sweeps = [], Kernels = [] };

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(6)]
    public void ShardsTogetherAreTheWholeRunInItsOrder(int count)
    {
        (string Path, RunReport Report)[] shards = [.. Enumerable.Range(1, count).Select(number => ($"shard{number}.json", Shard(number, count))).Reverse()];
        RunReport merged = ReportMerger.Merge(shards);
        Assert.Equal(_whole.Results, merged.Results);
        Assert.Equal(shards.Select(shard => shard.Path), merged.Parts!.Select(part => part.File));
        Assert.All(merged.Parts!.Zip(shards), pair =>
        {
            Assert.Equal(pair.Second.Report.Metadata, pair.First.Metadata);
            Assert.Equal(pair.Second.Report.Results, pair.First.Results.Select(index => merged.Results[index]));
        });
        Assert.Equal("Example GPU", merged.Metadata.Gpu);
        Assert.DoesNotContain(merged.Metadata.Notices, notice => notice.Contains("missing", StringComparison.Ordinal));
    }

    [Fact]
    public void AMissingShardIsNamed() => Assert.Contains(
        "Shard 2/3 is missing.", ReportMerger.Merge([("a.json", Shard(1, 3)), ("b.json", Shard(3, 3))]).Metadata.Notices);

    [Fact]
    public void MachinesThatDifferKeepTheirMetadata()
    {
        RunReport other = Shard(2, 2);
        other = other with { Metadata = other.Metadata with { Gpu = "Other GPU" } };
        RunReport merged = ReportMerger.Merge([("a.json", Shard(1, 2)), ("b.json", other)]);
        Assert.Null(merged.Metadata.Gpu);
        Assert.Equal(["Example GPU", "Other GPU"], merged.Parts!.Select(part => part.Metadata.Gpu));
        Assert.Equal(merged.Parts!.Count, ReportJson.Parse(ReportJson.Serialize(merged), "merged.json").Parts!.Count);
    }

    [Fact]
    public void TheWholeBeganWithTheFirstPartAndEndedWithTheLast()
    {
        DateTimeOffset start = new(2026, 11, 26, 8, 0, 0, TimeSpan.Zero);
        RunReport[] parts = [At(Shard(1, 2), start.AddHours(1), start.AddHours(4)), At(Shard(2, 2), start, start.AddHours(2))];
        RunMetadata whole = ReportMerger.Merge([("a.json", parts[0]), ("b.json", parts[1])]).Metadata;
        Assert.Equal(start, whole.StartedAt);
        Assert.Equal(start.AddHours(4), whole.FinishedAt);

        static RunReport At(RunReport report, DateTimeOffset start, DateTimeOffset? end) =>
            report with { Metadata = report.Metadata with { StartedAt = start, FinishedAt = end } };
    }

    [Fact]
    public void AWholeOfWhichAPartHasNotEndedHasNotEnded()
    {
        RunReport open = Shard(2, 2);
        open = open with { Metadata = open.Metadata with { FinishedAt = null } };
        Assert.NotNull(Shard(1, 2).Metadata.FinishedAt);
        Assert.Null(ReportMerger.Merge([("a.json", Shard(1, 2)), ("b.json", open)]).Metadata.FinishedAt);
    }

    [Fact]
    public void SmokeRunsAndOtherToolchainsAreNotPartsOfTheSameRun()
    {
        AssertRefused("toolchain", metadata => metadata with { Toolchain = Enum.GetValues<ToolchainKind>().First(kind => kind != metadata.Toolchain) });
        AssertRefused("--smoke", metadata => metadata with { Smoke = !(metadata.Smoke ?? false) });

        static void AssertRefused(string what, Func<RunMetadata, RunMetadata> change)
        {
            RunReport other = Shard(2, 2);
            other = other with { Metadata = change(other.Metadata) };
            var error = Assert.Throws<ReportFormatException>(() => ReportMerger.Merge([("a.json", Shard(1, 2)), ("b.json", other)]));
            Assert.Contains($"differ in their {what} ('a.json': ", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ARunThatIsNoSmokeRunNeedNotSaySo()
    {
        RunReport[] parts = [Shard(1, 2), Shard(2, 2)];
        (parts[0], parts[1]) = (With(parts[0], null), With(parts[1], false));
        Assert.Equal(_whole.Results, ReportMerger.Merge([("a.json", parts[0]), ("b.json", parts[1])]).Results);

        static RunReport With(RunReport report, bool? smoke) => report with { Metadata = report.Metadata with { Smoke = smoke } };
    }

    [Fact]
    public void ReportsThatAreNoShardsKeepTheOrderInWhichTheyAreNamed()
    {
        RunReport first = Alone(Shard(1, 2)), second = Alone(Shard(2, 2));
        RunReport merged = ReportMerger.Merge([("b.json", second), ("a.json", first)]);
        Assert.Equal([.. second.Results, .. first.Results], merged.Results);
        Assert.DoesNotContain(merged.Metadata.Notices, notice => notice.Contains("missing", StringComparison.Ordinal));

        // One shard beside a report that is none: its place in a whole says nothing about the other's.
        merged = ReportMerger.Merge([("b.json", second), ("a.json", Shard(1, 2))]);
        Assert.Equal([.. second.Results, .. first.Results], merged.Results);

        static RunReport Alone(RunReport report) => report with { Metadata = report.Metadata with { Shard = null } };
    }

    [Fact]
    public void ACaseInTwoReportsIsRefused()
    {
        var error = Assert.Throws<ReportFormatException>(() => ReportMerger.Merge([("a.json", _whole), ("b.json", Shard(1, 2))]));
        Assert.All(["gpt2 FP16", "a.json", "b.json"], part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    public static TheoryData<string, Func<CaseResult, CaseResult>> OtherSettings => new()
    {
        { "seed", result => result with { Seed = 43 } },
        { "temperature", result => result with { Temperature = 0 } },
        { "batch size", result => result with { BatchSize = 2 } },
        { "top-p", result => result with { TopP = 0.5 } },
        { "prompt", result => result with { PromptIds = [1] } },
        { "number of tokens", result => result.Success ? result with { NumTokensGenerated = 51 } : result },
        { "weights of gpt2", result => result with { WeightsSha256 = new string('0', 64) } },
    };

    [Theory]
    [MemberData(nameof(OtherSettings))]
    public void OtherSettingsAreRefused(string what, Func<CaseResult, CaseResult> change)
    {
        RunReport other = Shard(2, 2);
        other = other with { Results = [.. other.Results.Select(change)] };
        var error = Assert.Throws<ReportFormatException>(() => ReportMerger.Merge([("a.json", Shard(1, 2)), ("b.json", other)]));
        Assert.StartsWith($"The reports differ in their {what} ('a.json': ", error.Message, StringComparison.Ordinal);
        Assert.Contains("; 'b.json': ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("): expected parts of one run; run the parts with the same settings.", error.Message, StringComparison.Ordinal);
    }

    private static RunReport Shard(int number, int count) => _whole with
    {
        Metadata = _whole.Metadata with { Shard = $"{number}/{count}" },
        Results = [.. _whole.Results.Where((_, index) => index % count == number - 1)],
    };
}
