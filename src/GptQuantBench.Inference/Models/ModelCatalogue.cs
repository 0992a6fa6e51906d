namespace GptQuantBench.Inference.Models;

/// <summary>The published models that the suite knows by name.</summary>
public static class ModelCatalogue
{
    /// <summary>Names of the main job's models, with commas between.</summary>
    public const string MainJob = "gpt2,gpt2-medium";

    /// <summary>All of them, smallest first.</summary>
    public static IReadOnlyList<CatalogueModel> All { get; } =
    [
        Gpt2("gpt2", layers: 12, heads: 12, embedding: 768),
        Gpt2("gpt2-medium", layers: 24, heads: 16, embedding: 1024),
        Gpt2("gpt2-large", layers: 36, heads: 20, embedding: 1280),
        Gpt2("gpt2-xl", layers: 48, heads: 25, embedding: 1600),
    ];

    /// <summary>The model of a name, ignoring case.</summary>
    /// <exception cref="ModelFormatException">There is no such model; the message lists the known ones and names a near match.</exception>
    public static CatalogueModel Get(string name)
    {
        foreach (CatalogueModel model in All)
        {
            if (string.Equals(model.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return model;
            }
        }

        string[] names = [.. All.Select(model => model.Name)];
        throw new ModelFormatException(
            $"Unknown model {Quoted.Text(name)}{NearMatch.Hint(name, names)}, expected one of {string.Join(", ", names)}, "
            + "or a folder of your own with --model-path.");
    }

    /// <summary>The GPT-2 family shares all values but three (config.json of openai-community/gpt2 and its larger siblings).</summary>
    private static CatalogueModel Gpt2(string name, int layers, int heads, int embedding) => new(
        name,
        $"openai-community/{name}",
        new ModelConfiguration
        {
            Architecture = Gpt2Architecture.Type,
            LayerCount = layers,
            HeadCount = heads,
            EmbeddingSize = embedding,
            InnerSize = 4 * embedding,
            ContextLength = 1024,
            VocabularySize = 50257,
            LayerNormEpsilon = 1e-5f,
        });
}
