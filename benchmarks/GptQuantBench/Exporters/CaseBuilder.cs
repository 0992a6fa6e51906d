using BenchmarkDotNet.Reports;
using GptQuantBench.Benchmarks;
using GptQuantBench.Diagnosers;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Exporters;

/// <summary>Makes a report's row of what the phases of a case left: BenchmarkDotNet's times and the processes' records.</summary>
internal sealed class CaseBuilder(RunSettings settings, IReadOnlyDictionary<string, string> weightHashes)
{
    private readonly PhaseRecordStore _store = new(settings.RecordDirectory);
    private readonly FaultInquiry _faults = new(settings);

    /// <summary>The row of a case.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="format">Name of the format.</param>
    /// <param name="reports">BenchmarkDotNet's report of each phase that ran; phases that a filter left out are absent.</param>
    public CaseResult Build(string model, string format, IReadOnlyDictionary<Phase, BenchmarkReport> reports)
    {
        PhaseRecord[] records = [.. Enum.GetValues<Phase>().SelectMany(phase => _store.Read(model, format, phase))];
        var result = Measured(Description(model, format, records), records, reports);
        var error = Error(records, reports);
        return error is null ? result : CaseFailure.Of(result, error);
    }

    private CaseResult Description(string model, string format, PhaseRecord[] records)
    {
        var location = settings.Model(model);
        var loaded = records.LastOrDefault(record => record.Loaded is not null)?.Loaded;
        var quantization = QuantizationFormat.Parse(format);
        return new CaseResult
        {
            ModelName = model,
            Quantization = quantization.Label,
            Success = true,
            // A checkpoint whose weights are stored packed has its own format.
            Format = loaded?.FormatName ?? quantization.Name,
            Backend = settings.Backend,
            Decode = loaded?.Decode,
            DefaultDecode = loaded?.DefaultDecode,
            Device = loaded?.Device,
            Weights = location.Origin == WeightOrigin.Real ? WeightKind.Real : WeightKind.Synthetic,
            WeightsSha256 = weightHashes[model],
            Prompt = settings.Prompt,
            BatchSize = 1,
            Seed = settings.Seed,
            Temperature = AsTyped(settings.Temperature),
            TopP = AsTyped(settings.TopP),
            NumParameters = loaded?.ParameterCount,
            ParameterBytes = loaded?.ParameterBytes,
            BitsPerWeight = loaded?.BitsPerWeight,
            ContextTimeSec = loaded?.ContextSeconds,
            JitTimeSec = loaded?.JitSeconds,
        };
    }

    private static CaseResult Measured(CaseResult result, PhaseRecord[] records, IReadOnlyDictionary<Phase, BenchmarkReport> reports)
    {
        var load = Times(reports, Phase.LoadModel);
        var first = Times(reports, Phase.FirstToken);
        var total = Times(reports, Phase.Generate50);
        var generated = records.LastOrDefault(record => record.Generated is not null)?.Generated;
        // The phase with the largest footprint speaks for the case: it has loaded, and used everything.
        var cleanup = records.LastOrDefault(record => record.Cleanup is not null)?.Cleanup;
        var loaded = records.LastOrDefault(record => record.Loaded is not null)?.Loaded;
        var interToken = generated is null ? null : InterToken(generated.TokenMilliseconds, first.MedianSeconds, total.MedianSeconds, generated.Ids.Count);
        var bandwidth = generated?.ReadBandwidth / 1e9;
        return result with
        {
            LoadTimeSec = load.MedianSeconds,
            MemoryGb = cleanup?.Usage.WeightBytes / 1e9,
            FirstTokenLatencyMs = first.MedianSeconds * 1e3,
            FirstTokenLatencyColdMs = records.LastOrDefault(record => record.ColdFirstTokenMilliseconds is not null)?.ColdFirstTokenMilliseconds,
            TotalInferenceTimeSec = total.MedianSeconds,
            ThroughputTokensPerSec = generated?.Ids.Count / total.MedianSeconds,
            NumTokensGenerated = generated?.Ids.Count,
            InterTokenLatencyMs = interToken,
            KvCacheBytes = cleanup?.Usage.KeyValueCacheBytes,
            WorkspaceBytes = cleanup?.Usage.WorkspaceBytes,
            PeakBytes = cleanup?.Usage.PeakBytes,
            ResidentBytes = cleanup is null
                ? null
                : new ResidentBytes { BeforeLoad = cleanup.ResidentBefore, AfterLoad = cleanup.ResidentLoaded, AfterCleanup = cleanup.ResidentAfter },
            LeakedBytes = cleanup is null
                ? null
                : new LeakedBytes
                {
                    Allocator = records.Max(record => record.Cleanup?.LeakedBytes),
                    Driver = records.Max(record => record.Cleanup?.DriverLeakedBytes),
                },
            DriverBytes = cleanup?.Driver is { } driver ? new DriverBytes { Value = driver.UsedBytes, Source = driver.Source } : null,
            FirstTokensMs = records.LastOrDefault(record => record.FirstTokens is not null)?.FirstTokens,
            Energy = records.LastOrDefault(record => record.Energy is not null)?.Energy,
            Roofline = generated is null
                ? null
                : RooflineRecord.Of(loaded?.BytesPerToken, bandwidth, interToken?.Mean) with
                {
                    LaunchesPerToken = generated.StepCost?.Launches,
                    HostUsPerToken = generated.StepCost?.HostTime is { Ticks: > 0 } time ? time.TotalMicroseconds : null,
                },
            Quality = records.LastOrDefault(record => record.Quality is not null)?.Quality,
            PromptIds = generated?.PromptIds,
            PromptTokens = generated?.PromptIds.Count,
            GeneratedIds = generated?.Ids,
            GeneratedText = generated?.Text,
            Samples = new CaseSamples
            {
                LoadTimeSec = Samples(load, 1),
                FirstTokenLatencyMs = Samples(first, 1e3),
                TotalInferenceTimeSec = Samples(total, 1),
            },
        };
    }

    /// <summary>0.8 as FP32 is 0.800000012; a report shows what the user typed.</summary>
    internal static double AsTyped(float value) => (double)(decimal)value;

    private static PhaseTimes Times(IReadOnlyDictionary<Phase, BenchmarkReport> reports, Phase phase) =>
        new(reports.TryGetValue(phase, out var report) ? report.AllMeasurements : []);

    private static IReadOnlyList<IReadOnlyList<double>>? Samples(PhaseTimes times, double unitsPerSecond) =>
        times.SecondsByProcess.Count == 0
            ? null
            : [.. times.SecondsByProcess.Select(process => (IReadOnlyList<double>)[.. process.Select(seconds => seconds * unitsPerSecond)])];

    /// <summary>The mean by its definition; percentiles over single tokens.</summary>
    private static InterTokenLatency? InterToken(IReadOnlyList<double> milliseconds, double? firstSeconds, double? totalSeconds, int tokens) =>
        milliseconds.Count == 0
            ? null
            : Reporting.Figures.InterToken.Percentiles(milliseconds) with
            {
                Mean = Reporting.Figures.InterToken.MeanMs(totalSeconds, firstSeconds * 1e3, tokens),
            };

    private string? Error(PhaseRecord[] records, IReadOnlyDictionary<Phase, BenchmarkReport> reports)
    {
        if (records.FirstOrDefault(record => record.Error is not null) is { } failed)
        {
            return failed.IsDeviceFault ? _faults.Explain(failed) : failed.Error;
        }

        if (records.FirstOrDefault(record => record.Cleanup is { LeakedBytes: not 0 }) is { } leaking)
        {
            return $"{leaking.Phase} left {leaking.Cleanup!.LeakedBytes} bytes allocated after clean-up; expected 0.";
        }

        if (records.FirstOrDefault(record => record.Cleanup?.DriverLeakedBytes > LeakedBytes.DriverTolerance) is { } driverLeak)
        {
            return $"{driverLeak.Phase} left {driverLeak.Cleanup!.DriverLeakedBytes} bytes of device memory in use after clean-up; "
                + $"expected at most {LeakedBytes.DriverTolerance}.";
        }

        foreach (var (phase, report) in reports)
        {
            if (!report.Success)
            {
                var exitCode = report.ExecuteResults is [.., var last] ? $"exit code {last.ExitCode}" : "never started";
                return $"{phase} ended without a result ({exitCode}); the log file in the artifacts folder has its last words.";
            }
        }

        return null;
    }
}
