using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Tokenization;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>A model whose files are open and checked: configuration, tokenizer, memory-mapped weights.</summary>
public sealed class OpenedModel : IDisposable
{
    private readonly SafetensorsCheckpoint _checkpoint;
    private readonly Dictionary<string, CheckpointTensor> _weights;
    private readonly Task<ITokenizer?> _tokenizer;

    private OpenedModel(
        ModelLocation location,
        ModelConfiguration configuration,
        Task<ITokenizer?> tokenizer,
        SafetensorsCheckpoint checkpoint,
        Dictionary<string, CheckpointTensor> weights)
    {
        Location = location;
        Architecture = ModelArchitectures.Of(configuration);
        Configuration = configuration;
        _tokenizer = tokenizer;
        _checkpoint = checkpoint;
        _weights = weights;
    }

    /// <summary>Where the files are.</summary>
    public ModelLocation Location { get; }

    /// <summary>The model family.</summary>
    public IModelArchitecture Architecture { get; }

    /// <summary>The sizes, checked against every tensor.</summary>
    public ModelConfiguration Configuration { get; }

    /// <summary>
    /// The tokenizer; null for a model that works on ids only. It is read beside whatever the caller does after opening, weights
    /// for instance; the first use waits for it.
    /// </summary>
    /// <exception cref="ModelFormatException">A vocabulary file is wrong.</exception>
    public ITokenizer? Tokenizer => _tokenizer.GetAwaiter().GetResult();

    /// <summary>Opens the files, checks that configuration and tensors agree, and starts to read the vocabulary. Reads no weight.</summary>
    /// <exception cref="ModelFormatException">A file is missing or wrong.</exception>
    public static OpenedModel Open(ModelLocation location)
    {
        ModelConfiguration configuration = location.ReadConfiguration();
        SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.Open(location.WeightsFile);
        try
        {
            Dictionary<string, CheckpointTensor> weights = WeightBinding.Bind(checkpoint, configuration);
            Task<ITokenizer?> tokenizer = Task.Run(
                () => TokenizerFactory.Create(location.VocabularyFile, location.MergesFile, configuration.VocabularySize));
            return new OpenedModel(location, configuration, tokenizer, checkpoint, weights);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of a weight that is stored as floats; shape and type are already checked.</summary>
    public CheckpointTensor Weight(WeightSpec spec) => _weights[spec.Name];

    /// <summary>The packed matrix of a weight; null where it is stored as floats.</summary>
    public StoredMatrix? Packed(WeightSpec spec) => StoredMatrix.Find(_weights, spec.Name);

    /// <summary>The format that a load runs when <paramref name="requested"/> is asked for: another one only where weights are stored packed.</summary>
    /// <exception cref="ModelFormatException">The format can't be made of what is stored.</exception>
    public QuantizationFormat Resolve(QuantizationFormat requested)
    {
        ArgumentNullException.ThrowIfNull(requested);
        return Configuration.Quantization is { } stored
            ? stored.Resolve(requested, Location.Name)
            : requested.Search != ScaleSearch.Compensated
            ? requested
            : throw new ModelFormatException(
                $"{requested.Name} needs calibration, which a load does not do; make a checkpoint with quantize --quantization {requested.Name} and load that.");
    }

    /// <inheritdoc />
    public void Dispose() => _checkpoint.Dispose();
}
