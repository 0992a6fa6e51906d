using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>
/// Where a model's files are; found by <see cref="ModelLocator"/> before any clock runs, opened by <see cref="OpenedModel.Open"/>.
/// </summary>
public sealed record ModelLocation
{
    /// <summary>Name in reports: the catalogue's name, or the folder's name with <c>--model-path</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The safetensors file, or <c>model.safetensors.index.json</c> for shards. Absolute path.</summary>
    public required string WeightsFile { get; init; }

    /// <summary>Absolute path of config.json; null where <see cref="Configuration"/> is given.</summary>
    public string? ConfigurationFile { get; init; }

    /// <summary>The configuration from the catalogue, for synthetic weights; null where a file has it.</summary>
    public ModelConfiguration? Configuration { get; init; }

    /// <summary>Absolute path of vocab.json; null for the embedded vocabulary.</summary>
    public string? VocabularyFile { get; init; }

    /// <summary>Absolute path of merges.txt; null for the embedded vocabulary.</summary>
    public string? MergesFile { get; init; }

    /// <summary>Whether the weights were trained.</summary>
    public required WeightOrigin Origin { get; init; }

    /// <summary>Seed of synthetic weights; null for real ones.</summary>
    public ulong? SyntheticSeed { get; init; }

    /// <summary>
    /// Reads the configuration and the headers of the weights, and checks that they agree: all that can be known to be wrong before
    /// the first case starts. Synthetic weights that are not written yet have nothing to check but their configuration.
    /// </summary>
    /// <exception cref="ModelFormatException">A file is missing or wrong.</exception>
    public ModelConfiguration Validate()
    {
        if (Origin == WeightOrigin.Synthetic && Configuration is not null && !File.Exists(WeightsFile))
        {
            return Configuration;
        }

        ModelConfiguration configuration = ReadConfiguration();
        using SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.Open(WeightsFile);
        WeightBinding.Bind(checkpoint, configuration);
        return configuration;
    }

    /// <summary>The configuration, from the catalogue or from config.json.</summary>
    /// <exception cref="ModelFormatException">config.json is missing, unreadable, or asks for something the engine cannot do.</exception>
    public ModelConfiguration ReadConfiguration() => Configuration ?? ConfigurationFiles.Read(
        ConfigurationFile ?? throw new InvalidOperationException("A location needs a configuration or its file."));
}
