using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;

namespace GptQuantBench.Reporting.Tests.Figures;

public sealed class CaseLessonsTests
{
    private static readonly RunMetadata _machine = new() { TotalVramGb = 80, Host = new HostRecord { RamGb = 16 } };

    private static readonly CaseResult _result = new()
    {
        ModelName = "m",
        Quantization = "FP16",
        Success = true,
        Backend = "cuda",
        MemoryGb = 1.5,
        KvCacheBytes = 300_000_000,
        WorkspaceBytes = 200_000_000,
        FirstTokenLatencyMs = 20,
        FirstTokenLatencyColdMs = 50,
        InterTokenLatencyMs = new InterTokenLatency { Mean = 10 },
    };

    [Fact]
    public void ChatAnswerIsFirstTokenAnd199More() =>
        Assert.Equal(0.02 + 199 * 0.01, CaseLessons.Of(_result, _machine).ChatAnswerSec!.Value, 9);

    [Fact]
    public void BatchWorkIsAThousandTextsOf500Tokens() =>
        Assert.Equal(1000 * (0.02 + 499 * 0.01) / 3600, CaseLessons.Of(_result, _machine).BatchWorkHours!.Value, 9);

    [Fact]
    public void ModelsFitIntoTheGpusMemoryWithCacheAndWorkspace() => Assert.Equal(40, CaseLessons.Of(_result, _machine).ModelsThatFit);

    [Fact]
    public void ModelsOnTheCpuFitIntoMainMemory() =>
        Assert.Equal(8, CaseLessons.Of(_result with { Backend = "cpu" }, _machine).ModelsThatFit);

    [Fact]
    public void ModelThatDoesNotFitFitsZeroTimes() =>
        Assert.Equal(0, CaseLessons.Of(_result with { MemoryGb = 100 }, _machine).ModelsThatFit);

    [Fact]
    public void ColdTokenIsComparedWithTheWarmOne() => Assert.Equal(2.5, CaseLessons.Of(_result, _machine).ColdOverWarm);

    [Fact]
    public void NothingIsMissingWhereAllWasMeasured() => Assert.Empty(CaseLessons.Of(_result, _machine).Missing);

    [Fact]
    public void MissingInputsAreNamed()
    {
        CaseLessons lessons = CaseLessons.Of(
            _result with { InterTokenLatencyMs = null, WorkspaceBytes = null },
            new RunMetadata());

        Assert.Equal((null, null, null), (lessons.ChatAnswerSec, lessons.BatchWorkHours, lessons.ModelsThatFit));
        Assert.Equal(["inter_token_latency_ms", "workspace_bytes", "total_vram_gb"], lessons.Missing.Select(missing => missing.Key));
    }

    [Fact]
    public void TableSaysWhatIsMissingAndForWhom()
    {
        RunReport report = new()
        {
            Metadata = _machine,
            Results = [_result, _result with { Quantization = "4-bit", KvCacheBytes = null, WorkspaceBytes = null }],
        };

        Assert.Contains(
            "Models that fit: not stated for m 4-bit, because the report lacks kv_cache_bytes, workspace_bytes.",
            LessonsTable.Of(report)!.Notes);
    }
}
