using System.Text.Json;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>Every config variant on every kernel implementation against the goldens of transformers (eng/make_gpt2_variants.py).</summary>
public class VariantGoldenTests
{
    public static IEnumerable<TheoryDataRow<string, string>> Cases =>
        from variant in Fixtures.Variants
        from kernel in Kernels.Names
        select new TheoryDataRow<string, string>(Path.GetFileName(variant), kernel);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_variant_equals_transformers_at_every_position(string variant, string name)
    {
        CpuKernel kernel = Kernels.Get(name);
        string folder = Path.Combine(Fixtures.Root, "variants", variant);
        using JsonDocument goldens = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "goldens.json")));
        using OpenedModel opened = OpenedModel.Open(ModelLocator.FromDirectory(folder));

        using CpuLanguageModel model = new(opened, QuantizationFormat.Fp16, kernel, Products.Float, new MemoryLedger());
        int vocabulary = model.Configuration.VocabularySize;
        foreach (JsonElement sequence in goldens.RootElement.GetProperty("sequences").EnumerateArray())
        {
            int[] ids = sequence.Integers("ids");
            float[] logits = TestModels.Logits(model, ids);
            float[] last = sequence.Floats("last_logits");
            Assert.InRange(
                KernelComparison.RelativeRms(last, logits.AsSpan(logits.Length - vocabulary)), 0, Tolerances.GoldenRelativeRms);
            double margin = 4 * Tolerances.GoldenRelativeRms * last.Max(MathF.Abs);
            for (int position = 0; position < ids.Length; position++)
            {
                ReadOnlySpan<float> row = logits.AsSpan(position * vocabulary, vocabulary);
                Assert.Equal(sequence.GetProperty("logsumexp")[position].GetDouble(), LogSumExp.Of(row), margin);
                if (sequence.GetProperty("margins_top1_minus_top2")[position].GetDouble() > margin)
                {
                    Assert.Equal(
                        sequence.GetProperty("argmax")[position].GetInt32(), System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row));
                }
            }

            int[] greedy = sequence.Integers("greedy");
            int certain = sequence.Floats("greedy_margins_top1_minus_top2").TakeWhile(step => step > margin).Count();
            int[] generated = new int[greedy.Length];
            using IDecodingSession session = model.CreateSession(Math.Min(ids.Length + greedy.Length, model.Configuration.ContextLength));
            session.Generate(ids, generated, SamplingOptions.Greedy);
            Assert.Equal(greedy[..certain], generated[..certain]);
        }
    }
}
