using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Benchmarks;

/// <summary>What a benchmark process tells the host about its phase beside the times, which BenchmarkDotNet takes.</summary>
public sealed record PhaseRecord
{
    /// <summary>Model of the case.</summary>
    public required string Model { get; init; }

    /// <summary>Format of the case.</summary>
    public required string Format { get; init; }

    /// <summary>The phase.</summary>
    public required Phase Phase { get; init; }

    /// <summary>Why the phase failed, in one sentence; null where it did not.</summary>
    public string? Error { get; init; }

    /// <summary>Whether it failed by a fault on the device, after which the process could not use the device any more.</summary>
    public bool IsDeviceFault { get; init; }

    /// <summary>What was loaded; null where loading failed.</summary>
    public LoadedFacts? Loaded { get; init; }

    /// <summary>State of the allocators around the phase; null where it failed before clean-up.</summary>
    public CleanupFacts? Cleanup { get; init; }

    /// <summary>First call after load, in milliseconds; FirstToken only.</summary>
    public double? ColdFirstTokenMilliseconds { get; init; }

    /// <summary>What was generated; Generate50 only.</summary>
    public GeneratedFacts? Generated { get; init; }

    /// <summary>What the format costs in text; Generate50 only, null where it was not asked for.</summary>
    public QualityRecord? Quality { get; init; }

    /// <summary>Times of the first tokens; Generate50 only.</summary>
    public FirstTokens? FirstTokens { get; init; }

    /// <summary>Energy and state of the device; Generate50 only, null where nothing tells them.</summary>
    public EnergyRecord? Energy { get; init; }

    /// <summary>Facts of a loaded model.</summary>
    /// <param name="Device">Name of the device.</param>
    /// <param name="Decode">Decode path that ran.</param>
    /// <param name="DefaultDecode">Decode path that <c>auto</c> takes.</param>
    /// <param name="FormatName">Complete name of the format.</param>
    /// <param name="BitsPerWeight">Stored bits per weight over all quantised matrices, scales and minima included.</param>
    /// <param name="ParameterCount">Number of parameters.</param>
    /// <param name="ParameterBytes">Bytes of all parameters as the format stores them, without any second copy.</param>
    /// <param name="BytesPerToken">Weight bytes that one decode step reads.</param>
    /// <param name="ContextSeconds">Time to create the device context, outside load time; null where there is none.</param>
    /// <param name="JitSeconds">Time to compile kernels, outside load time; null where there are none.</param>
    public sealed record LoadedFacts(
        string? Device,
        string Decode,
        string DefaultDecode,
        string FormatName,
        double BitsPerWeight,
        long ParameterCount,
        long ParameterBytes,
        long BytesPerToken,
        double? ContextSeconds,
        double? JitSeconds);

    /// <summary>Memory before load, while loaded and after clean-up.</summary>
    /// <param name="Usage">The allocator's bytes by category and the peak, read while the model and its session were alive.</param>
    /// <param name="LeakedBytes">What the allocator still held after clean-up; must be 0.</param>
    /// <param name="ResidentBefore">Resident set before load, bytes.</param>
    /// <param name="ResidentLoaded">Resident set while loaded, bytes.</param>
    /// <param name="ResidentAfter">Resident set after clean-up, bytes.</param>
    /// <param name="Driver">The driver's figure while loaded; null for the host's own memory.</param>
    /// <param name="DriverLeakedBytes">The driver's figure after the last clean-up minus that after a throw-away load; null where not measured.</param>
    public sealed record CleanupFacts(
        MemoryUsage Usage,
        long LeakedBytes,
        long ResidentBefore,
        long ResidentLoaded,
        long ResidentAfter,
        DeviceMemory? Driver,
        long? DriverLeakedBytes);

    /// <summary>Results of generation.</summary>
    /// <param name="PromptIds">Ids of the prompt.</param>
    /// <param name="Ids">Ids of the last measured call.</param>
    /// <param name="Text">Their text; null for a model without a tokenizer.</param>
    /// <param name="TokenMilliseconds">Times between consecutive ids of one separate run.</param>
    /// <param name="ReadBandwidth">Bytes per second that the device reads, measured after the phase over <see cref="LoadedFacts.BytesPerToken"/>.</param>
    /// <param name="StepCost">What a decode step costs beside its arithmetic; null where the host computes.</param>
    public sealed record GeneratedFacts(
        IReadOnlyList<int> PromptIds,
        IReadOnlyList<int> Ids,
        string? Text,
        IReadOnlyList<double> TokenMilliseconds,
        double ReadBandwidth,
        DecodeStepCost? StepCost);
}
