using System.Text.Json;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>Reads config.json by the rules of the architecture that its <c>model_type</c> names.</summary>
internal static class ConfigurationFiles
{
    public const string FileName = "config.json";

    /// <exception cref="ModelFormatException">The file is missing or wrong, or the engine does not know the architecture.</exception>
    public static ModelConfiguration Read(string path) => ModelFiles.ReadJsonObject(path, root =>
    {
        string known = string.Join(", ", ModelArchitectures.All.Select(architecture => architecture.ModelType));
        if (!root.TryGetProperty("model_type", out JsonElement value) || value.ValueKind != JsonValueKind.String)
        {
            throw new ModelFormatException($"{path} has no model_type, expected one of {known}; use the model's own config.json.");
        }

        string modelType = value.GetString()!;
        IModelArchitecture architecture = ModelArchitectures.Find(modelType) ?? throw new ModelFormatException(
            $"{path} has model_type = {Quoted.Text(modelType)}, expected one of {known}; use a model of a supported architecture.");
        return architecture.ReadConfiguration(root, path);
    });
}
