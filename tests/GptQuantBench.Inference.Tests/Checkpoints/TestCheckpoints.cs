using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Tests.Checkpoints;

/// <summary>Safetensors files for tests: honest ones through the writer, lying ones byte by byte.</summary>
internal static class TestCheckpoints
{
    /// <summary>A tiny GPT-2: 1 layer, 2 heads, 4 wide, context 8, vocabulary 11.</summary>
    public static ModelConfiguration Tiny { get; } = new()
    {
        Architecture = "gpt2",
        LayerCount = 1,
        HeadCount = 2,
        EmbeddingSize = 4,
        InnerSize = 16,
        ContextLength = 8,
        VocabularySize = 11,
        LayerNormEpsilon = 1e-5f,
    };

    /// <summary>config.json of <see cref="Tiny"/>.</summary>
    public const string TinyConfig =
        """{"model_type":"gpt2","n_layer":1,"n_head":2,"n_embd":4,"n_positions":8,"vocab_size":11,"layer_norm_epsilon":1e-05}""";

    /// <summary>The bytes of a file: length of the header, header, data.</summary>
    public static byte[] Bytes(string header, int dataLength) => Bytes(Encoding.UTF8.GetBytes(header), dataLength);

    public static byte[] Bytes(byte[] header, int dataLength)
    {
        byte[] file = new byte[8 + header.Length + dataLength];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        return file;
    }

    public static void Write(
        string path,
        IReadOnlyList<(string Name, string TypeName, long[] Shape, byte[] Data)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        var layout = new SafetensorsLayout([.. tensors.Select(tensor => (tensor.Name, tensor.TypeName, tensor.Shape))], metadata);
        using var writer = new SafetensorsWriter(path, layout);
        for (int i = 0; i < tensors.Count; i++)
        {
            writer.Write(layout.Entries[i], 0, tensors[i].Data);
        }

        writer.Commit();
    }

    /// <summary>F32 tensors of a model, all with the same value; <paramref name="rename"/> changes names, null leaves a weight out.</summary>
    public static List<(string Name, string TypeName, long[] Shape, byte[] Data)> Weights(
        ModelConfiguration configuration, Func<string, string?>? rename = null)
    {
        var tensors = new List<(string, string, long[], byte[])>();
        foreach (WeightSpec spec in ModelArchitectures.Of(configuration).Weights(configuration))
        {
            string? name = rename is null ? spec.Name : rename(spec.Name);
            if (name is not null)
            {
                float[] values = new float[spec.Count];
                Array.Fill(values, 0.5f);
                tensors.Add((name, "F32", spec.IsVector ? [spec.Rows] : [spec.Rows, spec.Columns], MemoryMarshal.AsBytes<float>(values).ToArray()));
            }
        }

        return tensors;
    }

    /// <summary>A model folder with config.json and model.safetensors.</summary>
    public static ModelLocation Folder(
        TemporaryFolder folder, IReadOnlyList<(string, string, long[], byte[])> tensors, string config = TinyConfig)
    {
        File.WriteAllText(folder["config.json"], config);
        Write(folder["model.safetensors"], tensors);
        return ModelLocator.FromDirectory(folder.Path);
    }

    /// <summary>Asserts that the action fails with one sentence that holds all parts.</summary>
    public static void Refuses(Action action, params string[] parts)
    {
        string message = Assert.Throws<ModelFormatException>(action).Message;
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', message);
        Assert.EndsWith(".", message, StringComparison.Ordinal);
        Assert.DoesNotContain(". ", message, StringComparison.Ordinal);
    }
}
