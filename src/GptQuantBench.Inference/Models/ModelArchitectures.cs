namespace GptQuantBench.Inference.Models;

/// <summary>The model families that the engine knows, by <c>model_type</c>.</summary>
public static class ModelArchitectures
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<IModelArchitecture> All { get; } = [new Gpt2Architecture()];

    /// <summary>The family of a <c>model_type</c>, or null where the engine does not know it.</summary>
    public static IModelArchitecture? Find(string modelType) => All.FirstOrDefault(architecture => architecture.ModelType == modelType);

    /// <summary>The family of a configuration.</summary>
    public static IModelArchitecture Of(ModelConfiguration configuration) =>
        Find(configuration.Architecture)
        ?? throw new ArgumentException($"No architecture is called '{configuration.Architecture}'.", nameof(configuration));

    /// <summary>Number of parameters; a tied output head counts once.</summary>
    public static long ParameterCount(ModelConfiguration configuration) =>
        Of(configuration).Weights(configuration).Sum(spec => spec.Count);
}
