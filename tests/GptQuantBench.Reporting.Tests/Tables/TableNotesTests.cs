using GptQuantBench.Reporting.Records;
using GptQuantBench.Reporting.Tables;
using GptQuantBench.Reporting.Tests.Support;

namespace GptQuantBench.Reporting.Tests.Tables;

/// <summary>Columns and notes that depend on what a report has.</summary>
public sealed class TableNotesTests
{
    private static readonly RunReport _full = SampleReports.Full();

    private static readonly CaseResult _gpu = _full.Results[0];

    private static readonly CaseResult _cpu = _gpu with { Quantization = "4-bit", Backend = "cpu", Roofline = _gpu.Roofline! with { LaunchesPerToken = null, HostUsPerToken = null } };

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void AForecastSaysWhatItTakesFromACpuAndFromAGpu(bool hasGpu, bool hasCpu)
    {
        ReportTable table = ForecastTable.Of(Report(hasGpu, hasCpu))!;
        Assert.Equal(
            [
                "Forecast: bytes of a token / the bandwidth that the vendor publishes, batch 1, without the prompt.",
                .. hasCpu ? new[] { "From a run on a CPU it is an upper limit: launches and latencies of a GPU are not in it." } : [],
                .. hasGpu ? new[] { "From a run on a GPU, what a token takes beyond reading there is added." } : [],
            ],
            table.Notes);
        Assert.Equal(["Model", "Quant", "L40S", "RTX 4090", "A100 80GB", "H100 SXM", "H200"], table.Columns.Select(column => column.Heading));
    }

    [Theory]
    [InlineData(true, false, 2)]
    [InlineData(false, true, 0)]
    [InlineData(true, true, 2)]
    public void LaunchesHaveColumnsWhereADeviceLaunches(bool hasGpu, bool hasCpu, int columns)
    {
        ReportTable table = RooflineTable.Of(Report(hasGpu, hasCpu))!;
        Assert.Equal(8 + columns, table.Columns.Count);
        Assert.All(table.Rows, row => Assert.Equal(8 + columns, row.Count));
        Assert.Equal(hasGpu, table.Notes.Any(note => note.Contains("Launches", StringComparison.Ordinal)));
        if (hasGpu)
        {
            Assert.Equal(["63", "4.20"], table.Rows[0].TakeLast(2).Select(cell => cell.Text));
        }
    }

    [Fact]
    public void ASummaryExplainsWhatStandsInIt()
    {
        string[] Notes(params CaseResult[] results) => [.. SummaryTable.Of(new RunReport { Results = results }).Notes];
        const string Legend = "FTL: first-token latency. Throughput: tokens per second.";
        const string Spread = "±: median absolute deviation of the samples in percent of their median.";
        CaseResult failed = _gpu with { Success = false, Samples = null, Error = null };

        Assert.Equal(["No case has run."], Notes());
        Assert.Equal([Legend, Spread], Notes(_gpu));
        Assert.Equal([Legend], Notes(_gpu with { Samples = null }));
        Assert.Equal([Legend, Spread], Notes(_gpu, _gpu with { Samples = null }));
        Assert.Equal(["gpt2 FP16 failed: no reason was recorded.", Legend], Notes(failed));
        Assert.Equal(
            [Legend, "Synthetic weights: speed and memory are those of the real model, text and quality mean nothing."],
            Notes(_gpu with { Samples = null }, _gpu with { Samples = null, Weights = WeightKind.Synthetic }));
    }

    [Fact]
    public void WhatFailedWithoutAReasonSaysSo()
    {
        RunReport report = new()
        {
            Sweeps = [_full.Sweeps[4] with { Error = null }],
            Kernels = [_full.Kernels[5] with { Error = null }],
        };
        Assert.Contains("gpt2 4-bit, at 950, failed: no reason was recorded.", Assert.Single(SweepTables.Of(report)).Notes);
        Assert.Contains("linear_product 4-bit 4096x14336, batch 64, failed: no reason was recorded.", KernelTables.Of(report).SelectMany(table => table.Notes));
    }

    [Theory]
    [InlineData(true, false, false, false)]
    [InlineData(false, true, false, false)]
    [InlineData(false, false, true, false)]
    [InlineData(false, false, false, true)]
    public void OneFigureIsEnoughForARowOfMemory(bool hasCache, bool hasWorkspace, bool hasPeak, bool hasLeak)
    {
        CaseResult result = new()
        {
            ModelName = "gpt2",
            Quantization = "FP16",
            Success = true,
            KvCacheBytes = hasCache ? 1000 : null,
            WorkspaceBytes = hasWorkspace ? 2000 : null,
            PeakBytes = hasPeak ? 3000 : null,
            LeakedBytes = hasLeak ? new LeakedBytes { Allocator = 0 } : null,
        };
        Assert.Equal(
            ["gpt2", "FP16", "-", "-", hasCache ? "1.00 kB" : "-", hasWorkspace ? "2.00 kB" : "-", hasPeak ? "3.00 kB" : "-", hasLeak ? "no" : "-"],
            Assert.Single(MemoryTable.Of(new RunReport { Results = [result] })!.Rows).Select(cell => cell.Text));
        Assert.Null(MemoryTable.Of(new RunReport { Results = [result with { KvCacheBytes = null, WorkspaceBytes = null, PeakBytes = null, LeakedBytes = null }] }));
    }

    [Fact]
    public void ClocksThatMovedAreARangeAndSeveralReasonsAList()
    {
        CaseResult result = _gpu with { Energy = _gpu.Energy! with { ThrottleReasons = ["power limit", "temperature"] } };
        Assert.Equal(
            ["gpt2", "FP16", "0.0425", "338", "1965-1980", "2619", "51", "power limit, temperature"],
            Assert.Single(EnergyTable.Of(new RunReport { Results = [result] })!.Rows).Select(cell => cell.Text));
        result = _gpu with { Energy = _gpu.Energy! with { SmMhz = new ClockRange { Max = 1980 }, MemoryMhz = null } };
        Assert.Equal(["1980", "-"], Assert.Single(EnergyTable.Of(new RunReport { Results = [result] })!.Rows).Skip(4).Take(2).Select(cell => cell.Text));
    }

    [Fact]
    public void LessonsThatLackTheSameAreOneNote()
    {
        CaseResult[] results = [_gpu with { WorkspaceBytes = null }, _gpu with { Quantization = "8-bit", WorkspaceBytes = null }, _gpu with { Quantization = "4-bit" }];
        Assert.Contains(
            "Models that fit: not stated for gpt2 FP16, gpt2 8-bit, because the report lacks workspace_bytes.", LessonsTable.Of(_full with { Results = results })!.Notes);
        Assert.Contains(
            "Models that fit: not stated for any case, because the report lacks workspace_bytes.", LessonsTable.Of(_full with { Results = results[..2] })!.Notes);
        Assert.Contains(
            "Models that fit: not stated for any case, because the report lacks memory_gb, kv_cache_bytes, host.ram_gb.",
            LessonsTable.Of(new RunReport { Results = [_cpu with { MemoryGb = null, KvCacheBytes = null }] })!.Notes);
        Assert.Contains(
            "Chat and batch: not stated for any case, because the report lacks first_token_latency_ms.",
            LessonsTable.Of(_full with { Results = [_gpu with { FirstTokenLatencyMs = null }] })!.Notes);
    }

    [Fact]
    public void PerplexityHasAColumnWhereItWasMeasured()
    {
        Assert.Equal("PPL Change", ComparisonTable.Of(_full)!.Columns[^1].Heading);
        ReportTable without = ComparisonTable.Of(_full with { Results = [.. _full.Results.Select(result => result with { Quality = null })] })!;
        Assert.Equal("FTL Change", without.Columns[^1].Heading);
        Assert.All(without.Rows, row => Assert.Equal(without.Columns.Count, row.Count));
        Assert.DoesNotContain(without.Notes, note => note.StartsWith("PPL", StringComparison.Ordinal));
    }

    [Fact]
    public void TheQualityOfTheShippedModelSaysWhatItIs()
    {
        string note = Assert.Single(QualityTable.Of(new RunReport
        {
            Results = [new CaseResult { ModelName = "m", Quantization = "8-bit", Format = "int8-row-sym", Success = true, Weights = WeightKind.Synthetic }],
        })!.Notes);
        Assert.StartsWith("gpt2-nano is small and loses more than wide models do; ", note, StringComparison.Ordinal);
        Assert.EndsWith(" scored. KL: divergence from FP16, nats a token. ±: one standard error.", note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1.2, CellTone.Good)]
    [InlineData(1.0, CellTone.Neutral)]
    [InlineData(0.9, CellTone.Bad)]
    [InlineData(null, CellTone.Neutral)]
    public void AFigureIsGoodAboveTheLimitAndBadBelow(double? figure, CellTone expected) => Assert.Equal(new ReportCell("x", expected), ReportCell.Judged("x", figure, 1));

    /// <summary>NVIDIA's figures: RTX 4090 "NVIDIA Ada GPU Architecture", L40S, A100 80GB SXM, H100 SXM and H200 from the data sheets.</summary>
    [Fact]
    public void KnownGpusHaveTheBandwidthsThatTheVendorPublishes() => Assert.Equal(
        [("L40S", 864), ("RTX 4090", 1008), ("A100 80GB", 2039), ("H100 SXM", 3350), ("H200", 4800)],
        Reporting.Figures.KnownGpu.All.Select(gpu => (gpu.Name, gpu.BandwidthGbPerSec)));

    private static RunReport Report(bool hasGpu, bool hasCpu) => new() { Results = [.. new[] { hasGpu ? _gpu : null, hasCpu ? _cpu : null }.OfType<CaseResult>()] };
}
