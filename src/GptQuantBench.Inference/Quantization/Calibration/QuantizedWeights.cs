using System.Runtime.InteropServices;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Quantization.Calibration;

/// <summary>The weights of a quantised checkpoint as a safetensors file.</summary>
internal static class QuantizedWeights
{
    /// <summary>Writes packed matrices, fitted biases (F32), and everything else as the model has it.</summary>
    /// <exception cref="ModelFormatException">The file cannot be written.</exception>
    public static unsafe void Write(
        OpenedModel model,
        IReadOnlyDictionary<string, PackedMatrix> packed,
        IReadOnlyDictionary<string, float[]> biases,
        QuantizationFormat format,
        string folder)
    {
        IReadOnlyList<WeightSpec> specs = model.Architecture.Weights(model.Configuration);
        List<(string Name, string TypeName, long[] Shape)> tensors = [];
        foreach (WeightSpec spec in specs)
        {
            if (packed.TryGetValue(spec.Name, out PackedMatrix? matrix))
            {
                tensors.AddRange(StoredMatrix.Tensors(spec.Name, matrix.Layout));
            }
            else
            {
                CheckpointTensor tensor = model.Weight(spec);
                tensors.Add((spec.Name, biases.ContainsKey(spec.Name) ? "F32" : tensor.TypeName, [.. tensor.Shape]));
            }
        }

        SafetensorsLayout layout = new(tensors, new Dictionary<string, string> { ["format"] = format.Name });
        using SafetensorsWriter writer = new(Path.Combine(folder, SafetensorsCheckpoint.SingleFileName), layout);
        Dictionary<string, SafetensorsEntry> entries = layout.Entries.ToDictionary(entry => entry.Name);
        foreach (WeightSpec spec in specs)
        {
            if (packed.TryGetValue(spec.Name, out PackedMatrix? matrix))
            {
                // FP16 has no scales, symmetric formats have no minima.
                string[] names = [.. StoredMatrix.Tensors(spec.Name, matrix.Layout).Select(part => part.Name)];
                writer.Write(entries[names[0]], 0, matrix.Codes);
                if (names.Length > 1)
                {
                    writer.Write(entries[names[1]], 0, matrix.Scales);
                }

                if (names.Length > 2)
                {
                    writer.Write(entries[names[2]], 0, matrix.Minima);
                }
            }
            else if (biases.TryGetValue(spec.Name, out float[]? bias))
            {
                writer.Write(entries[spec.Name], 0, MemoryMarshal.AsBytes(bias.AsSpan()));
            }
            else
            {
                CheckpointTensor tensor = model.Weight(spec);
                writer.Write(entries[spec.Name], 0, new ReadOnlySpan<byte>(tensor.Data, checked((int)tensor.ByteLength)));
            }
        }

        writer.Commit();
    }
}
