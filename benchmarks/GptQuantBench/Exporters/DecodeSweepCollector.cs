using BenchmarkDotNet.EventProcessors;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks;
using GptQuantBench.Progress;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Exporters;

/// <summary>Follows <see cref="DecodeSweep"/>: each decode path that ends is a point of the report's sweeps, on disk at once.</summary>
internal sealed class DecodeSweepCollector : EventProcessor
{
    private readonly RunSettings _settings;
    private readonly IReadOnlyDictionary<string, string> _weightHashes;
    private readonly ReportWriter _writer;
    private readonly SweepProgress _progress;

    /// <param name="settings">The work of the run.</param>
    /// <param name="weightHashes">SHA-256 of each model's weights.</param>
    /// <param name="writer">Keeps the report on disk.</param>
    /// <param name="progress">The console.</param>
    public DecodeSweepCollector(RunSettings settings, IReadOnlyDictionary<string, string> weightHashes, ReportWriter writer, SweepProgress progress)
    {
        _settings = settings;
        _weightHashes = weightHashes;
        _writer = writer;
        _progress = progress;
        foreach (var decode in settings.SweptDecodePaths)
        {
            Directory.CreateDirectory(settings.ForDecodePath(decode).RecordDirectory);
        }
    }

    /// <inheritdoc />
    public override void OnStartRunBenchmarksInType(Type type, IReadOnlyList<BenchmarkCase> benchmarks)
    {
        if (type == typeof(DecodeSweep) && !_writer.IsClosed)
        {
            _progress.Started("decode paths", _settings.SweptModel, RunSettings.SweptFormat);
        }
    }

    /// <inheritdoc />
    public override void OnEndRunBenchmark(BenchmarkCase benchmarkCase, BenchmarkReport report)
    {
        if (benchmarkCase.Descriptor.Type != typeof(DecodeSweep) || _writer.IsClosed)
        {
            return;
        }

        var decode = (string)benchmarkCase.Parameters[nameof(DecodeSweep.Decode)];
        var row = new CaseBuilder(_settings.ForDecodePath(decode), _weightHashes)
            .Build(_settings.SweptModel, RunSettings.SweptFormat, new Dictionary<Phase, BenchmarkReport> { [Phase.Generate50] = report });
        var point = Point(row, decode);
        _writer.AddSweeps([point]);
        _progress.Ended([point]);
    }

    /// <summary>A point of the sweep from the row that its case would have.</summary>
    private static SweepResult Point(CaseResult row, string decode) => new()
    {
        Sweep = SweepResult.DecodePaths,
        ModelName = row.ModelName,
        Quantization = row.Quantization,
        Success = row.Success,
        Error = row.Error,
        Format = row.Format,
        Backend = row.Backend,
        Decode = row.Decode ?? decode,
        Device = row.Device,
        WeightsSha256 = row.WeightsSha256,
        PromptTokens = row.PromptTokens,
        BatchSize = row.BatchSize,
        NumTokensGenerated = row.NumTokensGenerated,
        ThroughputTokensPerSec = row.ThroughputTokensPerSec,
        MemoryGb = row.MemoryGb,
        KvCacheBytes = row.KvCacheBytes,
        Samples = row.Samples,
    };
}
