using System.Globalization;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>Finds a model's files: a folder of the user's, the Hugging Face cache, else the place of synthetic weights.</summary>
public static class ModelLocator
{
    private const string VocabularyFileName = "vocab.json";
    private const string MergesFileName = "merges.txt";

    /// <summary>
    /// Where the weights of a known model come from: the Hugging Face cache if they are there and the user does not ask for synthetic
    /// ones, else synthetic. Writes nothing; <see cref="SyntheticCheckpoint.Ensure(ModelLocation)"/> makes synthetic weights.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="choice">What the user asks for.</param>
    /// <param name="seed">Seed of synthetic weights.</param>
    /// <param name="artifactsDirectory">The artifacts folder, below which synthetic weights lie.</param>
    /// <param name="environment">The value of an environment variable, or null; by default the process's.</param>
    public static ModelLocation Locate(
        CatalogueModel model, WeightsChoice choice, ulong seed, string artifactsDirectory, Func<string, string?>? environment = null)
    {
        ModelLocation? real = choice == WeightsChoice.Synthetic ? null : FromHuggingFaceCache(model, environment);
        return real ?? Synthetic(model, seed, artifactsDirectory);
    }

    /// <summary>
    /// The model in a folder (<c>--model-path</c>): config.json, model.safetensors or model.safetensors.index.json, and, if both are
    /// there, vocab.json and merges.txt. Its name is the folder's; for a snapshot in the Hugging Face cache, the model's.
    /// </summary>
    /// <exception cref="ModelFormatException">The folder or a file is missing, or one of the two vocabulary files is.</exception>
    public static ModelLocation FromDirectory(string path)
    {
        string folder = path.Length == 0 ? "" : Path.GetFullPath(path);
        if (!Directory.Exists(folder))
        {
            string found = File.Exists(folder) ? "is a file" : "does not exist";
            throw new ModelFormatException(
                $"The model folder {Quoted.Text(path)} {found}, expected a folder with config.json and model.safetensors; "
                + "check --model-path.");
        }

        string? vocabulary = FileIn(folder, VocabularyFileName);
        string? merges = FileIn(folder, MergesFileName);
        if (vocabulary is null != merges is null)
        {
            string present = vocabulary is null ? MergesFileName : VocabularyFileName;
            string absent = vocabulary is null ? VocabularyFileName : MergesFileName;
            throw new ModelFormatException($"{folder} has {present} but no {absent}, expected both or neither; add or remove a file.");
        }

        string name = HuggingFaceCache.ModelName(folder) ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        return new ModelLocation
        {
            Name = name.Length == 0 ? "model" : name,
            ConfigurationFile = FileIn(folder, ConfigurationFiles.FileName) ?? throw Missing(folder, ConfigurationFiles.FileName),
            WeightsFile = Weights(folder)
                ?? throw Missing(folder, $"{SafetensorsCheckpoint.SingleFileName} and no {SafetensorsCheckpoint.IndexFileName}"),
            VocabularyFile = vocabulary,
            MergesFile = merges,
            Origin = WeightOrigin.Real,
        };
    }

    /// <summary>
    /// The model in the Hugging Face cache as transformers leaves it, under its present repository name or the one without an owner
    /// that GPT-2 had before; null where there is none with safetensors.
    /// </summary>
    public static ModelLocation? FromHuggingFaceCache(CatalogueModel model, Func<string, string?>? environment = null)
    {
        if (HuggingFaceCache.Folder(environment ?? Environment.GetEnvironmentVariable) is not { } cache)
        {
            return null;
        }

        string withoutOwner = model.RepositoryId[(model.RepositoryId.IndexOf('/', StringComparison.Ordinal) + 1)..];
        string? snapshot = HuggingFaceCache.FindSnapshot(cache, model.RepositoryId) ?? HuggingFaceCache.FindSnapshot(cache, withoutOwner);
        if (snapshot is null)
        {
            return null;
        }

        string folder = Path.GetFullPath(snapshot);
        string? vocabulary = FileIn(folder, VocabularyFileName);
        string? merges = FileIn(folder, MergesFileName);
        bool hasVocabulary = vocabulary is not null && merges is not null;
        return new ModelLocation
        {
            Name = model.Name,
            ConfigurationFile = Path.Combine(folder, ConfigurationFiles.FileName),
            WeightsFile = Weights(folder)!,
            // A cache that holds one of the two is only half filled, nobody's mistake: the embedded vocabulary is the same.
            VocabularyFile = hasVocabulary ? vocabulary : null,
            MergesFile = hasVocabulary ? merges : null,
            Origin = WeightOrigin.Real,
        };
    }

    /// <summary>The place of synthetic weights: <c>synthetic/MODEL-SEED.safetensors</c> in the artifacts folder.</summary>
    public static ModelLocation Synthetic(CatalogueModel model, ulong seed, string artifactsDirectory)
    {
        string file = string.Create(CultureInfo.InvariantCulture, $"{model.Name}-{seed}.safetensors");
        return new ModelLocation
        {
            Name = model.Name,
            Configuration = model.Configuration,
            WeightsFile = Path.Combine(Path.GetFullPath(artifactsDirectory), "synthetic", file),
            Origin = WeightOrigin.Synthetic,
            SyntheticSeed = seed,
        };
    }

    private static string? Weights(string folder) =>
        FileIn(folder, SafetensorsCheckpoint.SingleFileName) ?? FileIn(folder, SafetensorsCheckpoint.IndexFileName);

    private static string? FileIn(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return HuggingFaceCache.ExistingFile(path) ? path : null;
    }

    private static ModelFormatException Missing(string folder, string name) => new(
        $"{folder} has no {name}, expected a model in the layout of Hugging Face transformers with safetensors weights; check the folder.");
}
