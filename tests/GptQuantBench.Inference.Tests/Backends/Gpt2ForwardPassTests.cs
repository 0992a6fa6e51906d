using System.Buffers.Binary;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>The whole forward pass in every format against plain FP64 loops over the same unpacked weights.</summary>
public class Gpt2ForwardPassTests
{
    public static TheoryData<string, string> NamesAndFormats
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string kernel in Kernels.Names)
            {
                foreach (QuantizationFormat format in QuantizationFormat.All)
                {
                    data.Add(kernel, format.Name);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void Odd_sizes_equal_the_reference(string name, string format) => Compare(TestModels.Odd, name, format, tokens: 29);

    /// <summary>Rows longer than a panel of the multiplication, heads wider than a vector, one head.</summary>
    [Theory]
    [MemberData(nameof(NamesAndFormats))]
    public void Wide_rows_equal_the_reference(string name, string format) => Compare(
        TestModels.Odd with { LayerCount = 1, HeadCount = 1, EmbeddingSize = 72, InnerSize = 2090, VocabularySize = 101 },
        name, format, tokens: 8);

    private static void Compare(ModelConfiguration configuration, string name, string format, int tokens)
    {
        CpuKernel kernel = Kernels.Get(name);
        QuantizationFormat parsed = QuantizationFormat.Parse(format);
        using TemporaryFolder folder = new();
        using OpenedModel opened = TestModels.OpenRandom(folder, configuration, Amplify);
        using CpuLanguageModel model = new(opened, parsed, kernel, Products.Float, new MemoryLedger());
        int[] ids = TestModels.Ids(tokens, configuration.VocabularySize, 8);
        float[] expected = new ReferenceGpt2(opened, parsed).Logits(ids);
        Assert.InRange(KernelComparison.RelativeRms(expected, TestModels.Logits(model, ids)), 0, Tolerances.ReferenceRelativeRms);
    }

    /// <summary>An untrained model's attention is almost uniform; larger weights make every part matter.</summary>
    private static void Amplify(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int header = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        for (int i = header; i < bytes.Length; i += 4)
        {
            Span<byte> value = bytes.AsSpan(i, 4);
            BinaryPrimitives.WriteSingleLittleEndian(value, 4 * BinaryPrimitives.ReadSingleLittleEndian(value));
        }

        File.WriteAllBytes(file, bytes);
    }
}
