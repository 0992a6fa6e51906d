using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>Made-up reports. Every figure is invented; together they use every key of the layout.</summary>
internal static class SampleReports
{
    private const double Bandwidth = 2560;
    private static readonly string _hash = string.Concat(Enumerable.Repeat("0123456789abcdef", 4));

    /// <summary>Two models × three formats on a GPU; one case failed; points of sweeps, one failed too; one kernel.</summary>
    public static RunReport Full() => new()
    {
        Metadata = Metadata(),
        Parts = [new RunPart { File = "shard1.json", Metadata = Metadata(), Results = [0, 1, 2] }],
        Results =
        [
            Case("gpt2", "FP16", "fp16", 16, 0.24888, [0.81, 0.83, 0.80], 0.246, [0.0301, 0.0302, 0.0303, 0.0305], 247_000_000),
            Case("gpt2", "8-bit", "int8-row-sym", 8.02, 0.1262, [0.91, 0.92], 0.187, [0.0224, 0.0226, 0.0225], 125_000_000),
            Case("gpt2", "4-bit", "int4-g32-sym", 4.5, 0.0719, [1.12, 1.41, 1.13], 0.181, [0.0201, 0.0203, 0.0202], 70_000_000),
            Case("gpt2-medium", "FP16", "fp16", 16, 0.7097, [2.1, 2.2], 11.5, [0.121, 0.122, 0.131], 707_000_000),
            CaseFailure.Of(
                Case("gpt2-medium", "8-bit", "int8-row-sym", 8.01, 0.357, [2.3, 2.4], 0.5, [0.09, 0.091], 359_000_000) with
                {
                    LeakedBytes = new LeakedBytes { Allocator = 4096, Driver = 0 },
                },
                "4096 bytes of the allocator were not given back:\nclose the session [and try again]."),
            Case("gpt2-medium", "4-bit", "int4-g32-sym", 4.5, 0.2032, [3.1, 3.3], 22.5, [0.0801, 0.0803, 0.0802], 199_000_000),
        ],
        Sweeps =
        [
            Sweep(SweepResult.DecodePaths, "FP16", "fp16", 1200) with { Decode = "cublas", PromptTokens = 5, DepthTokens = null },
            Sweep(SweepResult.PromptLength, "FP16", "fp16", null) with
            {
                PromptTokens = 512, NumTokensGenerated = 1, FirstTokenLatencyMs = 1.6, PrefillTokensPerSec = 320_000,
                Samples = new CaseSamples { FirstTokenLatencyMs = [[1.52, 1.6, 1.68]] },
            },
            Sweep(SweepResult.PromptLength, "4-bit", "int4-g32-sym", null) with
            {
                PromptTokens = 512, NumTokensGenerated = 1, FirstTokenLatencyMs = 1.2, PrefillTokensPerSec = 426_667,
                Samples = new CaseSamples { FirstTokenLatencyMs = [[1.2, 1.2, 1.3]] },
            },
            Sweep(SweepResult.Depth, "FP16", "fp16", 1150) with { DepthTokens = 950 },
            Sweep(SweepResult.Depth, "4-bit", "int4-g32-sym", null) with
            {
                DepthTokens = 950, Success = false, Error = "The GPU's memory is full.", Samples = null, NumTokensGenerated = null, MemoryGb = null,
                KvCacheBytes = null,
            },
            Batch("FP16", "fp16", 16, 9600),
            Batch("4-bit", "int4-g32-sym", 16, 8400),
            Sweep(SweepResult.TokenTimes, "FP16", "fp16", 1190) with
            {
                InterTokenLatencyMs = new InterTokenLatency { P50 = 0.81, P90 = 0.84, P99 = 1.3, Count = 2009 },
            },
        ],
        Kernels =
        [
            new KernelResult
            {
                Kernel = KernelResult.ReadMemory, Success = true, Backend = "cuda", Device = "Example GPU", TimeUs = 80, GbPerSec = 2933,
                SamplesUs = [[80, 81]],
            },
            Kernel("linear_product", "FP16", "fp16", 1, 42) with { GbPerSec = 2796, BandwidthFraction = 0.953 },
            Kernel("cublas", "FP16", "fp16", 1, 44) with { GbPerSec = 2669, BandwidthFraction = 0.91 },
            Kernel("linear_product", "4-bit", "int4-g32-sym", 1, 12.5) with
            {
                GbPerSec = 2640, BandwidthFraction = 0.9, WarmTimeUs = 9.5, WarmGbPerSec = 3474, WarmSamplesUs = [[9.4, 9.6]],
            },
            Kernel("linear_product", "4-bit", "int4-g32-sym", 16, 18) with { ArithmeticFraction = 0.1, MultiplyAddGflopPerSec = 1_044_000, Fp16TimeUs = 43 },
            Kernel("linear_product", "4-bit", "int4-g32-sym", 64, 0) with
            {
                Success = false, Error = "The GPU's memory is full.", TimeUs = null, GflopPerSec = null, Fp16TimeUs = null, SamplesUs = null,
                ReadBandwidthGbPerSec = null,
            },
        ],
    };

    /// <summary>What a run holds at least: one case that failed before anything was known.</summary>
    public static RunReport Minimal() => new()
    {
        Metadata = new RunMetadata { ToolVersion = "0.1.0", StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero) },
        Results =
        [
            CaseFailure.Of(
                new CaseResult
                {
                    ModelName = "gpt2", Quantization = "FP16", Success = true, Format = "fp16", Backend = "cpu", Weights = WeightKind.Synthetic,
                },
                "The disk is full."),
        ],
    };

    /// <summary>A CPU run of a model with an awkward name, text and weights that mean nothing, and no samples.</summary>
    public static RunReport Awkward() => new()
    {
        Metadata = new RunMetadata { Host = new HostRecord { Cpu = "Example [CPU] | 2`", RamGb = 16.4 }, Notices = ["[red]not markup[/]"] },
        Results =
        [
            new CaseResult
            {
                ModelName = "my_[bold]model[/]|`x`\u001b[31m-with-a-very-long-folder-name", Quantization = "int4-g64-asym+head8",
                Success = true, Backend = "cpu", Weights = WeightKind.Synthetic, LoadTimeSec = 123.456, MemoryGb = 0.01234,
                FirstTokenLatencyMs = 100, ThroughputTokensPerSec = 9.876, TotalInferenceTimeSec = 5.0628, NumTokensGenerated = 50,
                GeneratedText = "\u001b]0;title\u0007 line\nline\t\u202Eright to left 👩‍👩‍👧 `code` <b>&amp;</b> " + new string('x', 200),
            },
        ],
    };

    public static RunMetadata Metadata() => new()
    {
        Gpu = "Example GPU",
        CudaVersion = "13.0",
        TotalVramGb = 85.0,
        ToolVersion = "0.1.0",
        Commit = "0123abc",
        StartedAt = new DateTimeOffset(2026, 1, 2, 4, 4, 5, TimeSpan.FromHours(1)),
        FinishedAt = new DateTimeOffset(2026, 1, 2, 3, 14, 5, TimeSpan.Zero),
        CommandLine = "GptQuantBench --filter *",
        Host = new HostRecord { Os = "Example OS 1", Cpu = "Example CPU", Cores = 16, RamGb = 128, Runtime = ".NET 10.0.1" },
        Driver = "580.1",
        Clocks = new ClockRecord { SmMhz = 1980, MemoryMhz = 2619, MaxSmMhz = 1980, MaxMemoryMhz = 2619 },
        Toolchain = ToolchainKind.OutOfProcess,
        Smoke = true,
        Shard = "1/4",
        ReadBandwidthGbPerSec = Bandwidth,
        ReadBandwidthBufferBytes = 62_000_000,
        Notices = ["Clocks moved by 3% during the run."],
    };

    private static KernelResult Kernel(string kernel, string quantization, string format, int batch, double timeUs) => new()
    {
        Kernel = kernel,
        Success = true,
        Quantization = quantization,
        Format = format,
        Backend = "cuda",
        Device = "Example GPU",
        Rows = 14_336,
        Columns = 4096,
        BatchSize = batch,
        TimeUs = timeUs,
        GflopPerSec = timeUs > 0 ? 2.0 * batch * 14_336 * 4096 / timeUs / 1e3 : null,
        ReadBandwidthGbPerSec = 2933,
        Fp16TimeUs = 42,
        SamplesUs = [[timeUs, timeUs * 1.02]],
    };

    /// <summary>A point of the sweep over the batch size.</summary>
    public static SweepResult Batch(string quantization, string format, int size, double throughput) =>
        Sweep(SweepResult.BatchSizes, quantization, format, throughput) with
        {
            PromptTokens = 5,
            BatchSize = size,
            NumTokensGenerated = 16,
            KvCacheBytes = size * 2_359_296,
            WorkspaceBytes = 1_000_000 + size * 201_028,
            Samples = new CaseSamples { TotalInferenceTimeSec = [[size * 16 / throughput, size * 16.1 / throughput]] },
        };

    private static SweepResult Sweep(string sweep, string quantization, string format, double? throughput) => new()
    {
        Sweep = sweep,
        ModelName = "gpt2",
        Quantization = quantization,
        Success = true,
        Format = format,
        Backend = "cuda",
        Decode = "persistent",
        Device = "Example GPU",
        WeightsSha256 = _hash,
        BatchSize = 1,
        NumTokensGenerated = 50,
        ThroughputTokensPerSec = throughput,
        MemoryGb = 0.24888,
        KvCacheBytes = 2_359_296,
        Samples = throughput is { } speed ? new CaseSamples { TotalInferenceTimeSec = [[50 / speed, 50.1 / speed]] } : null,
    };

    private static CaseResult Case(
        string model, string quantization, string format, double bits, double memoryGb, double[] loads, double firstMs, double[] totals, long bytesPerToken)
    {
        double total = SampleStatistics.Median(totals)!.Value;
        double interToken = InterToken.MeanMs(total, firstMs, 50)!.Value;
        return new CaseResult
        {
            ModelName = model,
            Quantization = quantization,
            LoadTimeSec = SampleStatistics.Median(loads),
            MemoryGb = memoryGb,
            FirstTokenLatencyMs = firstMs,
            ThroughputTokensPerSec = 50 / total,
            TotalInferenceTimeSec = total,
            NumTokensGenerated = 50,
            Success = true,
            Format = format,
            Backend = "cuda",
            Decode = "persistent",
            DefaultDecode = "persistent",
            Device = "Example GPU",
            Weights = WeightKind.Real,
            WeightsSha256 = _hash,
            Prompt = "The future of AI is",
            PromptIds = [464, 2003, 286, 9552, 318],
            PromptTokens = 5,
            BatchSize = 1,
            Seed = 42,
            Temperature = 0.8,
            TopP = 0.9,
            NumParameters = 124_439_808,
            ParameterBytes = (long)(memoryGb * 1e9),
            BitsPerWeight = bits,
            ContextTimeSec = 0.21,
            JitTimeSec = 0.05,
            FirstTokenLatencyColdMs = firstMs * 4,
            InterTokenLatencyMs = new InterTokenLatency { Mean = interToken, P50 = interToken, P90 = interToken * 1.1, P99 = interToken * 1.5, Count = 49 },
            KvCacheBytes = 2_359_296,
            WorkspaceBytes = 33_554_432,
            PeakBytes = 300_000_000,
            ResidentBytes = new ResidentBytes { BeforeLoad = 210_000_000, AfterLoad = 460_000_000, AfterCleanup = 212_000_000 },
            DriverBytes = new DriverBytes { Value = 900_000_000, Source = "NVML, process" },
            LeakedBytes = new LeakedBytes { Allocator = 0, Driver = 1024 },
            Roofline = RooflineRecord.Of(bytesPerToken, Bandwidth, interToken) with { LaunchesPerToken = 63, HostUsPerToken = 4.2 },
            FirstTokensMs = new FirstTokens { Cold = [firstMs * 4, interToken * 2, interToken * 2], Warm = [firstMs, interToken, interToken] },
            Energy = new EnergyRecord
            {
                Seconds = 2.01,
                Tokens = 16_000,
                Readings = 41,
                JoulesPerToken = 0.0425,
                MeanPowerWatts = 338,
                Source = "energy counter",
                SmMhz = new ClockRange { Min = 1965, Median = 1980, Max = 1980 },
                MemoryMhz = new ClockRange { Min = 2619, Median = 2619, Max = 2619 },
                MaxTemperatureC = 51,
                ThrottleReasons = bits == 16 ? ["power limit"] : [],
            },
            Quality = new QualityRecord
            {
                Perplexity = 30 + 16 / bits,
                MeanNll = Math.Log(30 + 16 / bits),
                PerplexityRatio = bits == 16 ? null : (30 + 16 / bits) / 31,
                MeanKlDivergence = 0.5 / bits,
                MedianKlDivergence = 0.4 / bits,
                P99KlDivergence = 2 / bits,
                MaxKlDivergence = 9 / bits,
                SameTop1Share = 1 - 0.2 / bits,
                RmsProbabilityChange = 0.1 / bits,
                StandardErrors = new QualityErrors
                {
                    Perplexity = 0.4,
                    PerplexityRatio = 0.0013,
                    MeanKlDivergence = 0.002 / bits,
                    MedianKlDivergence = 0.001 / bits,
                    P99KlDivergence = 0.02 / bits,
                    SameTop1Share = 0.0016,
                    RmsProbabilityChange = 0.0004,
                },
                TextSha256 = _hash,
                Window = 1024,
                Stride = 1024,
                ScoredTokens = 46_996,
            },
            GeneratedText = " to make “things” better.\nIt is not\tyet clear how far that goes, but the people who build it say that it will go on for years.",
            GeneratedIds = [284, 787],
            Samples = new CaseSamples
            {
                LoadTimeSec = [.. loads.Select(load => new[] { load })],
                FirstTokenLatencyMs = [[firstMs * 0.99, firstMs, firstMs * 1.02]],
                TotalInferenceTimeSec = [totals],
            },
        };
    }
}
