using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>The models of the catalogue in their whole size, with made-up weights, against the CPU.</summary>
public sealed class WholeModelTests
{
    /// <summary>Normalised mean squared error 1e-5: FP16 activations in prompts, FP32 elsewhere.</summary>
    private static readonly double _tolerance = Math.Sqrt(1e-5);

    private static readonly int[] _ids = [464, 2003, 286, 9552, 318, 11, 50256, 0];

    public static TheoryData<string> Models => [.. ModelCatalogue.All.Select(model => model.Name)];

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_agree_with_the_cpu_in_the_main_jobs_formats(string name)
    {
        using OpenedModel model = TestModels.Synthetic(ModelCatalogue.Get(name).Configuration);
        foreach (QuantizationFormat format in (ReadOnlySpan<QuantizationFormat>)[QuantizationFormat.Fp16, QuantizationFormat.EightBit, QuantizationFormat.FourBit])
        {
            float[] expected;
            using (ILanguageModel cpu = TestModels.OnCpu(model, format))
            {
                expected = TestModels.Logits(cpu, _ids);
            }

            using CudaLanguageModel cuda = TestModels.OnCuda(model, format);
            Numbers.AssertClose(TestModels.Logits(cuda, _ids), expected, _tolerance, $"{name} {format.Label}");
        }
    }
}
