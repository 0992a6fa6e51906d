using System.Text.Json;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>The trained fixture against the goldens of transformers.</summary>
public class Gpt2NanoTests
{
    private const int Vocabulary = 50257;

    public static TheoryData<string> Names => [.. Kernels.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_and_greedy_continuations_equal_those_of_transformers(string name)
    {
        using CpuLanguageModel model = TestModels.LoadNano(Kernels.Get(name), QuantizationFormat.Fp16);
        using JsonDocument goldens = Goldens();
        foreach (JsonElement prompt in goldens.RootElement.GetProperty("prompts").EnumerateArray())
        {
            int[] ids = prompt.Integers("ids");
            float[] all = TestModels.Logits(model, ids);
            ReadOnlySpan<float> last = all.AsSpan(all.Length - Vocabulary);
            Assert.InRange(
                KernelComparison.RelativeRms(prompt.Floats("last_logits_first64"), last[..64]), 0, Tolerances.GoldenRelativeRms);
            Assert.Equal(prompt.GetProperty("logsumexp").GetDouble(), LogSumExp.Of(last), Tolerances.GoldenLogSumExp);

            // A margin below 4 × the tolerance of a logit may flip; logits are about 10 large.
            JsonElement top = prompt.GetProperty("top10");
            double margin = 4 * Tolerances.GoldenRelativeRms * Math.Abs(top[0].GetProperty("logit").GetDouble());
            if (top[0].GetProperty("logit").GetDouble() - top[1].GetProperty("logit").GetDouble() > margin)
            {
                Assert.Equal(prompt.GetProperty("argmax").GetInt32(), System.Numerics.Tensors.TensorPrimitives.IndexOfMax(last));
            }

            int[] golden = prompt.Integers("greedy");
            float[] margins = prompt.Floats("greedy_margins_top1_minus_top2");
            int certain = margins.TakeWhile(step => step > margin).Count();
            int[] generated = new int[golden.Length];
            using IDecodingSession session = model.CreateSession(ids.Length + golden.Length);
            session.Generate(ids, generated, SamplingOptions.Greedy);
            Assert.Equal(golden[..certain], generated[..certain]);

            // The same behind a filled cache, as the decode sweep measures it.
            if (ids.Length > 1)
            {
                session.Rewind(0);
                session.Extend(ids.AsSpan(..^1), [], SamplingOptions.Greedy);
                session.Extend(ids.AsSpan(^1..), generated, SamplingOptions.Greedy);
                Assert.Equal(golden[..certain], generated[..certain]);
            }
        }
    }

    [Theory]
    [InlineData("8-bit", Tolerances.EightBitRelativeRms)]
    [InlineData("int8-g32-sym", Tolerances.EightBitRelativeRms)]
    [InlineData("4-bit", Tolerances.FourBitRelativeRms)]
    [InlineData("int4-g32-asym", Tolerances.FourBitRelativeRms)]
    public void A_quantised_model_is_near_the_fp16_one_but_not_it(string format, double tolerance)
    {
        CpuKernel kernel = CpuKernels.All.First(kernel => kernel.IsSupported);
        using CpuLanguageModel fp16 = TestModels.LoadNano(kernel, QuantizationFormat.Fp16);
        using CpuLanguageModel quantised = TestModels.LoadNano(kernel, QuantizationFormat.Parse(format));
        using JsonDocument goldens = Goldens();
        int[] ids = goldens.RootElement.GetProperty("prompts").EnumerateArray()
            .Single(prompt => prompt.GetProperty("name").GetString() == "passage300").Integers("ids");
        double error = KernelComparison.RelativeRms(TestModels.Logits(fp16, ids), TestModels.Logits(quantised, ids));
        Assert.InRange(error, tolerance / 100, tolerance);
    }

    [Theory]
    [InlineData("FP16", 1.0, 1.005)]
    [InlineData("8-bit", 0.5, 0.52)]
    [InlineData("4-bit", 0.25, 0.30)]
    public void Bytes_held_and_read_are_those_of_the_footprint(string format, double least, double most)
    {
        MemoryLedger ledger = new();
        QuantizationFormat own = QuantizationFormat.Parse(format);
        using (CpuLanguageModel model = TestModels.LoadNano(CpuKernels.All.First(kernel => kernel.IsSupported), own, ledger))
        {
            ModelFootprint footprint = ModelFootprint.Of(new Inference.Models.Gpt2Architecture(), model.Configuration, own);
            ModelFootprint fp16 = ModelFootprint.Of(new Inference.Models.Gpt2Architecture(), model.Configuration, QuantizationFormat.Fp16);

            // Rows are padded to whole tiles and tiles to whole vectors.
            Assert.InRange(model.Memory.WeightBytes, footprint.WeightBytes, footprint.WeightBytes * 1.005);
            Assert.Equal(model.Memory.WeightBytes, ledger.Usage.TotalBytes);
            Assert.Equal(footprint.BytesPerToken, model.BytesPerToken);
            Assert.InRange((double)model.Memory.WeightBytes / fp16.WeightBytes, least, most);
        }

        Assert.Equal(0, ledger.Usage.TotalBytes);
    }

    private static JsonDocument Goldens() => JsonDocument.Parse(File.ReadAllText(Path.Combine(Fixtures.Gpt2Nano, "goldens.json")));
}
