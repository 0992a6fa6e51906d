using GptQuantBench.Reporting.History;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>Made-up reports for what charts show of them; figures are round where a picture's places follow from them.</summary>
internal static class ChartReports
{
    /// <summary>
    /// One model on two slow devices; formats beyond the three, one twice by its decode path; what was not measured, what failed, and a
    /// name that is too long for its place.
    /// </summary>
    public static RunReport TwoDevices() => new()
    {
        Results =
        [
            Case("4-bit", "Device A", 100) with { Decode = "eager" },
            Case("4-bit", "Device A", 200) with { Decode = "graph" },
            Case("int6-of-a-format-whose-name-is-long", "Device A", 50) with { Decode = "graph" },
            Case("a", "Device A", 25) with { Roofline = new RooflineRecord { FloorUs = 60_000, Fraction = 1.5 } },
            Case("b", "Device B", 20) with { Roofline = null, MemoryGb = null },
            Case("c", "Device B", 10),
            Case("d", "Device B", 5) with { ThroughputTokensPerSec = null, NumTokensGenerated = 33 },
            CaseFailure.Of(Case("e", "Device B", 5), "Lost."),
        ],
    };

    /// <summary>Five formats of one model so near each other in speed and memory that their names have to move, and a slow one.</summary>
    public static RunReport Crowd() => new()
    {
        Metadata = new RunMetadata { Gpu = "Example GPU" },
        Results =
        [
            .. new[] { 1000, 1004, 1008, 1012, 1016, 200 }.Select((speed, index) => Case($"format-{index + 1}", null, speed) with
            {
                MemoryGb = 0.1 + 0.001 * index, Weights = WeightKind.Synthetic, PromptTokens = null,
            }),
        ],
    };

    /// <summary>Formats of which none is twice as fast as another: the axis of their speeds does not begin at zero.</summary>
    public static RunReport Near() => Crowd() with { Results = [.. Crowd().Results.Take(5)] };

    /// <summary>A single case, so that each axis has one value.</summary>
    public static RunReport Single() => Crowd() with { Results = [.. Crowd().Results.Take(1)] };

    /// <summary>
    /// A sweep of one model on two devices: a line on each, one without a second point, one without any that can be drawn on a
    /// logarithmic axis, and a point that failed.
    /// </summary>
    public static RunReport SweepOnTwoDevices() => new()
    {
        Sweeps =
        [
            .. new[] { ("Device A", 100.0), ("Device B", 200.0) }.SelectMany(device => (int[])[1, 4, 16], (device, size) =>
                Point(("gpt2", "FP16", 0), SweepResult.BatchSizes, device.Item2 * size) with { Device = device.Item1, BatchSize = size }),
            Point(("gpt2", "FP16", 0), SweepResult.BatchSizes, 9999) with { Device = "Device B", BatchSize = 64, Success = false },
            Point(("gpt2", "8-bit", 0), SweepResult.BatchSizes, 400) with { Device = "Device A", BatchSize = 2 },
            Point(("gpt2", "4-bit", 0), SweepResult.BatchSizes, 0) with { Device = "Device A", BatchSize = 2 },
            Point(("gpt2", "4-bit", 0), SweepResult.BatchSizes, 50) with { Device = "Device A", BatchSize = 0 },
        ],
    };

    /// <summary>Points of every sweep for two models and three formats; the lines of FP16 and 8-bit end at almost the same place.</summary>
    public static RunReport Sweeps() => new()
    {
        Sweeps =
        [
            .. Lines().SelectMany(line => (int[])[64, 1, 8], (line, size) => Point(line, SweepResult.BatchSizes, line.Speed * Math.Sqrt(size)) with { BatchSize = size }),
            .. Lines().SelectMany(line => (int[])[5, 128, 512], (line, length) => Point(line, SweepResult.PromptLength, line.Speed) with
            {
                PromptTokens = length, FirstTokenLatencyMs = 300.0 * length / line.Speed,
            }),
            .. Lines().Take(1).SelectMany(line => (int[])[0, 500, 1000], (line, depth) => Point(line, SweepResult.Depth, line.Speed - depth / 2.0) with { DepthTokens = depth }),
        ],
    };

    /// <summary>Models and formats whose names are wider than any place for them.</summary>
    public static RunReport LongNames() => new()
    {
        Metadata = new RunMetadata { Host = new HostRecord { Cpu = "A processor whose maker calls it by a name that no heading of a chart holds in one line of this size" } },
        Results =
        [
            .. new[] { 100.0, 300 }.Select(speed => Case($"int4-with-a-name-of-many-words-that-somebody-chose", null, speed) with
            {
                ModelName = string.Join('-', Enumerable.Repeat(speed < 200 ? "first" : "second", 16)),
            }),
        ],
        Sweeps =
        [
            .. new[] { 1, 4 }.Select(size => Point(("gpt2", "int4-with-a-name-of-many-words-that-somebody-chose", 100), SweepResult.BatchSizes, 100 * size) with { BatchSize = size }),
        ],
    };

    /// <summary>Runs of one case, a day apart each, with the throughput of each run.</summary>
    /// <param name="throughput">Tokens per second by the number of the run.</param>
    /// <param name="runs">Number of runs.</param>
    /// <param name="hasSamples">Whether runs have samples: 2 % slower than the headline, as fast, and 1 % faster.</param>
    /// <param name="apart">Time from one run to the next; null for a day.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="device">Name of the device; null where nothing is known of it.</param>
    public static HistoryEntry[] History(
        Func<int, double> throughput, int runs = 16, bool hasSamples = true, TimeSpan? apart = null, string model = "gpt2", string? device = "Example GPU") =>
    [
        .. Enumerable.Range(0, runs).Select(run => new HistoryEntry($"{run}.json", new RunReport
        {
            Metadata = new RunMetadata { StartedAt = new DateTimeOffset(2026, 3, 1, 6, 0, 0, TimeSpan.Zero) + run * (apart ?? TimeSpan.FromDays(1)), Commit = $"0123456789abcde{run}" },
            Results =
            [
                new CaseResult
                {
                    ModelName = model, Quantization = "FP16", Success = true, Backend = "cuda", Device = device, Decode = device is null ? null : "persistent",
                    ThroughputTokensPerSec = throughput(run), NumTokensGenerated = 50,
                    Samples = hasSamples ? new CaseSamples { TotalInferenceTimeSec = [[50 / throughput(run) / 0.98, 50 / throughput(run), 50 / throughput(run) / 1.01]] } : null,
                },
            ],
        })),
    ];

    private static (string Model, string Name, double Speed)[] Lines() =>
    [
        .. new[] { ("gpt2", 1.0), ("gpt2-medium", 0.25) }
            .SelectMany(model => new[] { (model.Item1, "FP16", 1000 * model.Item2), (model.Item1, "8-bit", 1010 * model.Item2), (model.Item1, "4-bit", 2000 * model.Item2) }),
    ];

    private static CaseResult Case(string quantization, string? device, double tokensPerSec) => new()
    {
        ModelName = "gpt2",
        Quantization = quantization,
        Success = true,
        Device = device,
        PromptTokens = 5,
        NumTokensGenerated = 51,
        ThroughputTokensPerSec = tokensPerSec,
        FirstTokenLatencyMs = 1000 / tokensPerSec,
        TotalInferenceTimeSec = 51 / tokensPerSec,
        MemoryGb = tokensPerSec / 2000,
        Roofline = new RooflineRecord { FloorUs = 250_000 / tokensPerSec, Fraction = 0.25 },
    };

    private static SweepResult Point((string Model, string Name, double Speed) line, string sweep, double throughput) => new()
    {
        Sweep = sweep,
        ModelName = line.Model,
        Quantization = line.Name,
        Success = true,
        Device = "Example GPU",
        BatchSize = 1,
        ThroughputTokensPerSec = throughput,
    };
}
