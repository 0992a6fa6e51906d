using System.Text.Json;

namespace GptQuantBench.Inference.Models;

/// <summary>Everything that differs between model families before any arithmetic: config.json, tensor names and shapes.</summary>
public interface IModelArchitecture
{
    /// <summary>The value of <c>model_type</c> in config.json.</summary>
    string ModelType { get; }

    /// <summary>Reads and checks config.json.</summary>
    /// <param name="root">The document's root object.</param>
    /// <param name="file">Path, for error messages.</param>
    /// <exception cref="ModelFormatException">A value is missing, out of range, or asks for something the engine cannot do.</exception>
    ModelConfiguration ReadConfiguration(JsonElement root, string file);

    /// <summary>All weight tensors of a model of this size, in the order in which a forward pass reads them.</summary>
    IReadOnlyList<WeightSpec> Weights(ModelConfiguration configuration);

    /// <summary>
    /// The canonical name of a checkpoint's tensor, or null for tensors that hold no weights of their own (GPT-2's <c>attn.bias</c>
    /// masks, a stored copy of a tied output head).
    /// </summary>
    string? CanonicalName(string tensorName);

    /// <summary>What a weight's values look like before training; synthetic weights are drawn from it.</summary>
    WeightDistribution InitialValues(WeightSpec spec, ModelConfiguration configuration);
}
