using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>Finds the tensor of every weight that an architecture needs.</summary>
internal static class WeightBinding
{
    /// <summary>The tensors by canonical weight name; shapes and types are checked, values are not read.</summary>
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
        foreach (WeightSpec spec in specs)
        {
            Check(checkpoint, tensors.GetValueOrDefault(spec.Name), spec);
        }

        if (tensors.Count > specs.Count)
        {
            var known = specs.Select(spec => spec.Name).ToHashSet();
            CheckpointTensor extra = tensors.First(pair => !known.Contains(pair.Key)).Value;
            throw Wrong(
                extra.File,
                $"holds tensor {Quoted.Text(extra.Name)}",
                $"only the {specs.Count} weights of a {architecture.ModelType} with {configuration.LayerCount} layers");
        }

        return tensors;
    }

    private static void Check(ICheckpoint checkpoint, CheckpointTensor? tensor, WeightSpec spec)
    {
        string shape = spec.IsVector ? $"[{spec.Rows}]" : $"[{spec.Rows}, {spec.Columns}]";
        if (tensor is null)
        {
            throw Wrong(checkpoint.Location, $"lacks the weight {spec.Name}", $"a tensor of shape {shape}");
        }

        bool fits = spec.IsVector
            ? tensor.Shape is [long length] && length == spec.Rows
            : tensor.Shape is [long rows, long columns] && rows == spec.Rows && columns == spec.Columns;
        if (!fits)
        {
            throw Wrong(tensor.File, $"holds {Quoted.Text(tensor.Name)} with shape [{string.Join(", ", tensor.Shape)}]", shape);
        }

        if (tensor.Type == TensorType.Other)
        {
            throw Wrong(tensor.File, $"holds {Quoted.Text(tensor.Name)} as {tensor.TypeName}", "F32, F16 or BF16");
        }
    }

    private static ModelFormatException Wrong(string file, string what, string expected) =>
        new($"{file} {what}, expected {expected}; use config.json and weights of the same model.");
}
