using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>A model, with what all points of a sweep share.</summary>
internal sealed class SweepModel : IDisposable
{
    private readonly OpenedModel _opened;
    private readonly ILanguageModel _model;
    private readonly RunSettings _settings;
    private IDecodingSession? _session;

    private SweepModel(RunSettings settings, OpenedModel opened, ILanguageModel model)
    {
        _settings = settings;
        _opened = opened;
        _model = model;
        Prompt = LoadedCase.PromptIds(opened.Tokenizer, settings);
        Sampling = new SamplingOptions(settings.Temperature, settings.TopP, settings.Seed);

        // The prompt again and again: speed does not depend on the ids, and the same ids make the same work in every run.
        Ids = [.. Enumerable.Range(0, model.Configuration.ContextLength).Select(position => Prompt[position % Prompt.Length])];
    }

    /// <summary>The decode path that runs.</summary>
    public string Decode => _model.Decode;

    /// <summary>What the allocator holds; after <see cref="Dispose"/>, what leaked.</summary>
    public MemoryUsage Memory => _model.Memory;

    /// <summary>The sequence, after <see cref="CreateSession"/>.</summary>
    public IDecodingSession Session => _session ?? throw new InvalidOperationException("The sweep has no session.");

    /// <summary>The run's prompt.</summary>
    public int[] Prompt { get; }

    /// <summary>An id for every position.</summary>
    public int[] Ids { get; }

    /// <summary>How ids are chosen, as in the main job's throughput run.</summary>
    public SamplingOptions Sampling { get; }

    /// <summary>Loads.</summary>
    /// <param name="settings">The run.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="format">Name of the format.</param>
    public static SweepModel Load(RunSettings settings, string model, string format)
    {
        var opened = OpenedModel.Open(settings.Model(model));
        ILanguageModel? loaded = null;
        try
        {
            loaded = BackendRegistry.Find(settings.Backend).Load(opened, QuantizationFormat.Parse(format), settings.BackendOptions);
            return new SweepModel(settings, opened, loaded);
        }
        catch
        {
            loaded?.Dispose();
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Makes the session.</summary>
    /// <param name="positions">Positions that the longest point needs.</param>
    public void CreateSession(int positions) => _session = _model.CreateSession(
        Math.Min(Math.Max(positions, Prompt.Length + _settings.Tokens), _model.Configuration.ContextLength));

    /// <summary>Sequences that decode together; the caller's to dispose.</summary>
    /// <param name="sequences">How many.</param>
    /// <param name="positions">Positions that each needs.</param>
    public IBatchDecodingSession CreateBatch(int sequences, int positions) => _model.CreateBatch(sequences, positions);

    /// <inheritdoc />
    public void Dispose()
    {
        _session?.Dispose();
        _model.Dispose();
        _opened.Dispose();
    }
}
