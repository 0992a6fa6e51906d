using System.Text.Json;
using System.Text.Json.Serialization;
using GptQuantBench.Benchmarks.Kernels;
using GptQuantBench.Benchmarks.Sweeps;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Benchmarks;

/// <summary>
/// The work of a run, as the host decided it. Benchmark processes get it through one environment variable: BenchmarkDotNet starts
/// them without arguments, and they inherit the environment of the host.
/// </summary>
public sealed record RunSettings
{
    private const string Variable = "GPTQUANTBENCH_RUN";

    /// <summary>The models, in the order in which their cases run.</summary>
    public required IReadOnlyList<ModelLocation> Models { get; init; }

    /// <summary>Names of the formats, in the order in which their cases run.</summary>
    public required IReadOnlyList<string> Formats { get; init; }

    /// <summary>Name of the backend that was chosen; never <c>auto</c>.</summary>
    public required string Backend { get; init; }

    /// <summary>Ordinal of the device.</summary>
    public int Device { get; init; }

    /// <summary>Decode path by name, or <c>auto</c>.</summary>
    public string Decode { get; init; } = "auto";

    /// <summary>Folder whose PTX replaces the embedded kernels, or null.</summary>
    public string? KernelDirectory { get; init; }

    /// <summary>Whether every kernel is waited for: to find one that faulted, never for figures.</summary>
    public bool LaunchByLaunch { get; init; }

    /// <summary>Decode paths that <see cref="DecodeSweep"/> measures; empty for no sweep.</summary>
    public IReadOnlyList<string> SweptDecodePaths { get; init; } = [];

    /// <summary>The prompt; ids separated by spaces for a model without a tokenizer.</summary>
    public required string Prompt { get; init; }

    /// <summary>Tokens that Generate50 generates.</summary>
    public required int Tokens { get; init; }

    /// <summary>Temperature of Generate50; first-token latency is always greedy.</summary>
    public required float Temperature { get; init; }

    /// <summary>Nucleus of Generate50.</summary>
    public required float TopP { get; init; }

    /// <summary>Seed of the sampler.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Whether special tokens in the prompt are special.</summary>
    public bool SpecialTokens { get; init; }

    /// <summary>Whether energy is measured where the device tells it; takes some seconds for each case.</summary>
    public bool IsEnergyMeasured { get; init; }

    /// <summary>The sweeps; null where the run has none.</summary>
    public SweepSettings? Sweeps { get; init; }

    /// <summary>The kernel benchmarks; null where the run has none.</summary>
    public KernelSettings? KernelBenchmarks { get; init; }

    /// <summary>Absolute path of the text that quality is measured on; null where it is not.</summary>
    public string? QualityText { get; init; }

    /// <summary>Folder, empty at the start, in which benchmark processes leave their phase records.</summary>
    public required string RecordDirectory { get; init; }

    /// <summary>The format that decode paths are compared in: the baseline of all others.</summary>
    internal const string SweptFormat = "FP16";

    /// <summary>The model that they are compared on: the first of the run.</summary>
    [JsonIgnore]
    public string SweptModel => Models[0].Name;

    /// <summary>What the backend is told.</summary>
    [JsonIgnore]
    public BackendOptions BackendOptions => new(Device, Decode, KernelDirectory, LaunchByLaunch);

    /// <summary>All cases, in the order in which they run.</summary>
    [JsonIgnore]
    public IEnumerable<(string Model, string Format)> Cases => Models.SelectMany(model => Formats.Select(format => (model.Name, format)));

    /// <summary>The same for the backend.</summary>
    [JsonIgnore]
    public IReadOnlyCollection<PlannedModel> Planned =>
        [.. from model in Models.Select(model => model.ReadConfiguration()) from format in Formats select new PlannedModel(model, QuantizationFormat.Parse(format))];

    /// <summary>The settings of this process.</summary>
    /// <exception cref="InvalidOperationException">The process was not started by a run.</exception>
    public static RunSettings Current =>
        JsonSerializer.Deserialize<RunSettings>(
            Environment.GetEnvironmentVariable(Variable)
            ?? throw new InvalidOperationException($"{Variable} is not set: start benchmarks through the program, not by hand."))!;

    /// <summary>The settings for one decode path of a sweep; its records have a folder of their own.</summary>
    public RunSettings ForDecodePath(string decode) =>
        this with { Decode = decode, RecordDirectory = Path.Combine(RecordDirectory, $"{DecodeSweep.Name}-{decode}") };

    /// <summary>Makes these the settings of this process and of those that it starts.</summary>
    public void Publish() => Environment.SetEnvironmentVariable(Variable, JsonSerializer.Serialize(this));

    /// <summary>Makes these the settings of a process that will be started.</summary>
    public void PublishTo(IDictionary<string, string?> environment) => environment[Variable] = JsonSerializer.Serialize(this);

    /// <summary>The model of a case.</summary>
    public ModelLocation Model(string name) => Models.Single(model => model.Name == name);
}
