using System.Diagnostics;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;
using GptQuantBench.Inference.Tokenization;

namespace GptQuantBench.Benchmarks;

/// <summary>A model of a run on its device with one session, ready for its first token.</summary>
internal sealed class LoadedCase : IDisposable
{
    /// <summary>Tokens that are generated and thrown away before anything is measured.</summary>
    private const int WarmUpTokens = 10;

    private readonly RunSettings _settings;
    private readonly OpenedModel _opened;
    private readonly ILanguageModel _model;
    private readonly IDecodingSession _session;
    private readonly int[] _generated;

    private LoadedCase(RunSettings settings, OpenedModel opened, ILanguageModel model, IDecodingSession session)
    {
        _settings = settings;
        _opened = opened;
        _model = model;
        _session = session;
        _generated = new int[settings.Tokens];
    }

    /// <summary>The model.</summary>
    public ILanguageModel Model => _model;

    /// <summary>The model's files.</summary>
    public OpenedModel Opened => _opened;

    /// <summary>What the allocator holds; after <see cref="Dispose"/>, what leaked.</summary>
    public MemoryUsage Memory => _model.Memory;

    /// <summary>Ids of the last call.</summary>
    public IReadOnlyList<int> GeneratedIds => _generated;

    /// <summary>Everything that <c>load_time_sec</c> covers: files, tokenizer, quantisation, device, session.</summary>
    public static LoadedCase Load(RunSettings settings, string model, string format)
    {
        var opened = OpenedModel.Open(settings.Model(model));
        ILanguageModel? loaded = null;
        try
        {
            loaded = BackendRegistry.Find(settings.Backend).Load(opened, QuantizationFormat.Parse(format), settings.BackendOptions);
            var promptTokens = PromptIds(opened.Tokenizer, settings).Length;
            var capacity = promptTokens + Math.Max(settings.Tokens, WarmUpTokens);
            var session = loaded.CreateSession(Math.Min(capacity, loaded.Configuration.ContextLength));
            return new LoadedCase(settings, opened, loaded, session);
        }
        catch
        {
            loaded?.Dispose();
            opened.Dispose();
            throw;
        }
    }

    /// <summary>The prompt's ids; ids separated by spaces where there is no tokenizer.</summary>
    public static int[] PromptIds(ITokenizer? tokenizer, RunSettings settings) =>
        tokenizer is null ? IdList.Parse(settings.Prompt) : tokenizer.Encode(settings.Prompt, settings.SpecialTokens);

    /// <summary>From the prompt to the first id on the host, greedy.</summary>
    public int FirstToken()
    {
        Span<int> first = stackalloc int[1];
        _session.Generate(PromptIds(_opened.Tokenizer, _settings), first, SamplingOptions.Greedy);
        return first[0];
    }

    /// <summary>From the prompt to the last id on the host.</summary>
    public int Generate(Action<int, int>? onToken = null)
    {
        var sampling = new SamplingOptions(_settings.Temperature, _settings.TopP, _settings.Seed);
        _session.Generate(PromptIds(_opened.Tokenizer, _settings), _generated, sampling, onToken);
        return _generated[^1];
    }

    /// <summary>
    /// Generates the tokens that nobody looks at, with a clock on each: milliseconds from the prompt as a string to the first, then from
    /// one to the next.
    /// </summary>
    public double[] WarmUp()
    {
        var sampling = new SamplingOptions(_settings.Temperature, _settings.TopP, _settings.Seed);
        var start = Stopwatch.GetTimestamp();
        var prompt = PromptIds(_opened.Tokenizer, _settings);
        Span<int> thrownAway = stackalloc int[Math.Min(WarmUpTokens, _session.Capacity - prompt.Length)];
        var times = new double[thrownAway.Length];
        _session.Generate(prompt, thrownAway, sampling, (index, _) =>
        {
            var now = Stopwatch.GetTimestamp();
            times[index] = Stopwatch.GetElapsedTime(start, now).TotalMilliseconds;
            start = now;
        });
        return times;
    }

    /// <summary>What a decode step of the last call cost beside its arithmetic; null where the host computes.</summary>
    public DecodeStepCost? StepCost => _session.StepCost;

    /// <inheritdoc />
    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
        _opened.Dispose();
    }
}
