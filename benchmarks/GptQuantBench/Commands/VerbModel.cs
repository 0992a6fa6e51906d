using System.CommandLine;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Commands;

/// <summary>One model in one format, loaded for a verb. Notices go to stderr: a verb's stdout carries its result only.</summary>
internal sealed class VerbModel : IDisposable
{
    private readonly IBackend _backend;
    private readonly BackendOptions _options;
    private readonly Queue<string> _notices;

    private VerbModel(OpenedModel opened, IBackend backend, BackendOptions options, Queue<string> notices)
    {
        Opened = opened;
        _backend = backend;
        _options = options;
        _notices = notices;
    }

    /// <summary>Options that choose the model.</summary>
    public static IReadOnlyList<Option> ModelOptions { get; } = [Options.Models, Options.ModelPath, Options.Weights, Options.Seed];

    /// <summary>The model's files.</summary>
    public OpenedModel Opened { get; }

    /// <summary>Finds and opens the one model that the arguments name; gpt2 where they name none.</summary>
    public static VerbModel Open(ParseResult result)
    {
        var notices = new Queue<string>();
        var models = ModelChoice.Locate(result, ArtifactsForSynthetic(), notices.Enqueue, "gpt2");
        if (models is not [var location])
        {
            throw new UserErrorException($"{models.Count} models were named; this verb takes one.");
        }

        var backend = BackendChoice.Select(result, notices.Enqueue);
        return new VerbModel(OpenedModel.Open(location), backend, BackendChoice.Options(result), notices);
    }

    /// <summary>The backend.</summary>
    public IBackend Backend => _backend;

    /// <summary>Opens a checkpoint that <c>quantize</c> made.</summary>
    /// <exception cref="UserErrorException">The folder holds weights that are not quantised.</exception>
    public static OpenedModel OpenDirectory(string path)
    {
        var opened = OpenedModel.Open(ModelLocator.FromDirectory(path));
        if (opened.Configuration.Quantization is null)
        {
            opened.Dispose();
            throw new UserErrorException($"{path} holds weights that are not quantised; --quantized takes folders that quantize wrote.");
        }

        return opened;
    }

    /// <summary>Puts the weights onto the device. The notices come first, now that nothing can be wrong with the input any more.</summary>
    public ILanguageModel Load(QuantizationFormat format) => Load(Opened, format);

    /// <summary>Puts weights of other files onto the same device.</summary>
    public ILanguageModel Load(OpenedModel opened, QuantizationFormat format)
    {
        FormatChoice.Require(_backend, opened, format);
        while (_notices.TryDequeue(out var notice))
        {
            Console.Error.WriteLine(notice);
        }

        _backend.Start(_options, [new(opened.Configuration, format)]);
        return _backend.Load(opened, format, _options);
    }

    /// <inheritdoc />
    public void Dispose() => Opened.Dispose();

    private static string ArtifactsForSynthetic() => ArtifactsDirectory.Resolve(null);
}
