using BenchmarkDotNet.Reports;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Sweeps;
using GptQuantBench.Diagnosers;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Exporters;

/// <summary>Makes a report's rows of what a sweep over one case left: BenchmarkDotNet's times and the processes' records.</summary>
internal sealed class SweepBuilder(RunSettings settings, IReadOnlyDictionary<string, string> weightHashes)
{
    private readonly RecordStore<SweepRecord> _store = new(settings.RecordDirectory);

    private SweepSettings Sweeps => settings.Sweeps!;

    /// <summary>The rows, one for each point.</summary>
    /// <param name="kind">The sweep.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="format">Name of the format.</param>
    /// <param name="report">BenchmarkDotNet's report; null where the benchmark never ran.</param>
    /// <param name="reason">Why points without times failed, where nothing better is known.</param>
    public IReadOnlyList<SweepResult> Build(SweepKind kind, string model, string format, BenchmarkReport? report, string reason)
    {
        var records = _store.Read(record => record.Sweep == kind.Name && record.Model == model && record.Format == format);
        var times = new PhaseTimes(report?.AllMeasurements ?? []);
        return [.. kind.Points(Sweeps, model).Select((point, index) => Row(kind, model, format, point, index, records, times, reason))];
    }

    private SweepResult Row(
        SweepKind kind, string model, string format, SweepPoint point, int index, IReadOnlyList<SweepRecord> records, PhaseTimes times, string reason)
    {
        var last = records is [.., var record] ? record : null;
        var samples = times.SecondsOfPoint(index, kind.RepeatsOf(Sweeps), kind.Iterations(Sweeps));
        var error = records.Select(process => process.Error ?? process.PointErrors.GetValueOrDefault(index)).FirstOrDefault(text => text is not null)
            ?? (samples.Count == 0 ? reason : null);
        var quantization = QuantizationFormat.Parse(format);
        var row = new SweepResult
        {
            Sweep = kind.Name,
            ModelName = model,
            Quantization = quantization.Label,
            Success = error is null,
            Error = error,
            Format = quantization.Name,
            Backend = settings.Backend,
            Decode = last?.Decode,
            Device = last?.Device,
            WeightsSha256 = weightHashes[model],
            PromptTokens = point.PromptTokens ?? (point.DepthTokens is null ? last?.PromptTokens : null),
            DepthTokens = point.DepthTokens,
            BatchSize = point.BatchSize ?? 1,
        };
        return error is null ? Measured(row, kind, samples, last?.PointUsages.GetValueOrDefault(index), records) : row;
    }

    private SweepResult Measured(
        SweepResult row, SweepKind kind, IReadOnlyList<IReadOnlyList<double>> samples, MemoryUsage? usage, IReadOnlyList<SweepRecord> records)
    {
        var median = SampleStatistics.Median(SampleStatistics.Flatten(samples));
        row = row with
        {
            NumTokensGenerated = kind.TokensOf(Sweeps),
            MemoryGb = usage?.WeightBytes / 1e9,
            KvCacheBytes = usage?.KeyValueCacheBytes,
            WorkspaceBytes = usage?.WorkspaceBytes,
        };
        if (row.Sweep == SweepResult.PromptLength)
        {
            return row with
            {
                FirstTokenLatencyMs = median * 1e3,
                PrefillTokensPerSec = row.PromptTokens / median,
                Samples = new CaseSamples
                {
                    FirstTokenLatencyMs = [.. samples.Select(process => (IReadOnlyList<double>)[.. process.Select(seconds => seconds * 1e3)])],
                },
            };
        }

        double[] times = [.. records.SelectMany(record => record.TokenMilliseconds ?? [])];
        return row with
        {
            ThroughputTokensPerSec = row.BatchSize * row.NumTokensGenerated / median,
            InterTokenLatencyMs = times.Length == 0 ? null : InterToken.Percentiles(times),
            Samples = new CaseSamples { TotalInferenceTimeSec = samples },
        };
    }
}
