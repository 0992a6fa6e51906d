using GptQuantBench.Inference.Models;

namespace GptQuantBench.Benchmarks.Kernels;

/// <summary>The shapes that are timed.</summary>
internal static class KernelShapes
{
    // The one shape by which the literature compares kernels: the feed-forward layer of Mistral 7B and of Llama 3 8B.
    private static readonly KernelShape _feedForward = new(4096, 14336);

    // mistralai/Mistral-7B-v0.1's config.json: hidden 4096, 8 heads of 128 for keys and values, inner 14336, vocabulary 32000.
    private static readonly KernelShape[] _mistral = [new(4096, 4096), new(4096, 1024), _feedForward, new(14336, 4096), new(4096, 32000)];

    /// <summary>The first model's, and the shape that other projects quote.</summary>
    public static IReadOnlyList<KernelShape> Short => [.. Of(ModelCatalogue.All[0]), _feedForward];

    /// <summary>Those of every model of the catalogue and of Mistral 7B, each once.</summary>
    public static IReadOnlyList<KernelShape> Full => [.. ModelCatalogue.All.SelectMany(Of).Concat(_mistral).Distinct()];

    /// <summary>A layer of a model so large that starting a kernel costs nothing beside reading its weights.</summary>
    public static KernelShape Large { get; } = new(8192, 28672);

    private static IEnumerable<KernelShape> Of(CatalogueModel model) => ModelArchitectures.Of(model.Configuration)
        .Weights(model.Configuration)
        .Where(weight => weight.Role is WeightRole.Matrix or WeightRole.TokenEmbedding)
        .OrderBy(weight => weight.Role == WeightRole.TokenEmbedding)
        .Select(weight => new KernelShape(weight.InputCount, weight.OutputCount))
        .Distinct();
}
