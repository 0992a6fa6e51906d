using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>Finds the tensors of every weight that an architecture needs.</summary>
internal static class WeightBinding
{
    private static readonly string[] _floats = ["F32", "F16", "BF16"];

    /// <summary>
    /// The tensors by canonical weight name, packed ones by the names of <see cref="StoredMatrix"/>; shapes and types are checked,
    /// values are not read.
    /// </summary>
    /// <exception cref="ModelFormatException">
    /// A weight is missing, stands there twice, has another shape or a type that cannot be read, or a tensor belongs to no weight.
    /// </exception>
    public static Dictionary<string, CheckpointTensor> Bind(ICheckpoint checkpoint, ModelConfiguration configuration)
    {
        IModelArchitecture architecture = ModelArchitectures.Of(configuration);
        var tensors = new Dictionary<string, CheckpointTensor>(checkpoint.Tensors.Count);
        foreach (CheckpointTensor tensor in checkpoint.Tensors.Values)
        {
            string? name = architecture.CanonicalName(tensor.Name);
            if (name is not null && !tensors.TryAdd(name, tensor))
            {
                throw Wrong(
                    tensor.File,
                    $"holds the weight {Quoted.Text(name)} twice, as {Quoted.Text(tensors[name].Name)} and {Quoted.Text(tensor.Name)}",
                    "every weight once");
            }
        }

        IReadOnlyList<WeightSpec> specs = architecture.Weights(configuration);
        var expected = specs.SelectMany(spec => Expected(spec, configuration)).ToList();
        foreach ((string name, IReadOnlyList<string> types, long[] shape) in expected)
        {
            Check(checkpoint, tensors.GetValueOrDefault(name), name, types, shape);
        }

        if (tensors.Count > expected.Count)
        {
            var known = expected.Select(tensor => tensor.Name).ToHashSet();
            CheckpointTensor extra = tensors.First(pair => !known.Contains(pair.Key)).Value;
            throw Wrong(
                extra.File,
                $"holds tensor {Quoted.Text(extra.Name)}",
                $"only the {specs.Count} weights of a {architecture.ModelType} with {configuration.LayerCount} layers");
        }

        return tensors;
    }

    /// <summary>The tensors of a weight: one of floats, or the parts of a packed matrix.</summary>
    private static IEnumerable<(string Name, IReadOnlyList<string> Types, long[] Shape)> Expected(
        WeightSpec spec, ModelConfiguration configuration) =>
        configuration.Quantization?.Format is { } format && spec.Role is WeightRole.Matrix or WeightRole.TokenEmbedding
            ? StoredMatrix.Tensors(spec.Name, new PackedLayout(format.Of(spec), spec.OutputCount, spec.InputCount))
                .Select(part => (part.Name, (IReadOnlyList<string>)[part.TypeName], part.Shape))
            : [(spec.Name, _floats, spec.IsVector ? [spec.Rows] : [spec.Rows, spec.Columns])];

    private static void Check(ICheckpoint checkpoint, CheckpointTensor? tensor, string name, IReadOnlyList<string> types, long[] expected)
    {
        string shape = $"[{string.Join(", ", expected)}]";
        if (tensor is null)
        {
            throw Wrong(checkpoint.Location, $"lacks the weight {name}", $"a tensor of shape {shape}");
        }

        if (!tensor.Shape.SequenceEqual(expected))
        {
            throw Wrong(tensor.File, $"holds {Quoted.Text(tensor.Name)} with shape [{string.Join(", ", tensor.Shape)}]", shape);
        }

        if (!types.Contains(tensor.TypeName))
        {
            string allowed = types.Count == 1 ? types[0] : $"{string.Join(", ", types.SkipLast(1))} or {types[^1]}";
            throw Wrong(tensor.File, $"holds {Quoted.Text(tensor.Name)} as {tensor.TypeName}", allowed);
        }
    }

    private static ModelFormatException Wrong(string file, string what, string expected) =>
        new($"{file} {what}, expected {expected}; use config.json and weights of the same model.");
}
