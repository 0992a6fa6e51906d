using System.Text.Json;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Evaluation;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Quantization.Calibration;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>What a format costs in text is the same on both backends.</summary>
public sealed class QualityTests
{
    /// <summary>Relative difference in perplexity: CUDA multiplies with FP16 activations and FP32 sums, the CPU with FP32 ones.</summary>
    private const double PerplexityTolerance = 1e-4;

    private static readonly int[] _ids =
        JsonSerializer.Deserialize<int[]>(File.ReadAllText(Path.Combine(Fixtures.Root, "texts", "own.ids.json")))!;

    [Theory]
    [InlineData("FP16")]
    [InlineData("8-bit")]
    [InlineData("4-bit")]
    [InlineData("int4-g64-asym")]
    [InlineData("int8-g64-sym")]
    public void Perplexity_agrees_with_the_cpu(string format)
    {
        using OpenedModel model = TestModels.Nano();
        AssertSamePerplexity(model, QuantizationFormat.Parse(format), _ids);
    }

    /// <summary>A checkpoint of <c>quantize</c>, with its fitted biases.</summary>
    [Fact]
    public void Perplexity_of_a_calibrated_checkpoint_agrees_with_the_cpu()
    {
        using OpenedModel source = TestModels.Nano();
        string folder = Directory.CreateTempSubdirectory("gptquantbench-gpu-").FullName;
        try
        {
            QuantizationFormat format = QuantizationFormat.FourBit with { Search = ScaleSearch.Compensated };
            ModelQuantizer.Quantize(source, format, (_ids[..2048], new string('0', 64)), folder);
            using OpenedModel quantized = OpenedModel.Open(ModelLocator.FromDirectory(folder));
            AssertSamePerplexity(quantized, format, _ids.AsSpan(2048));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void AssertSamePerplexity(OpenedModel model, QuantizationFormat format, ReadOnlySpan<int> ids)
    {
        using ILanguageModel cpu = TestModels.OnCpu(model, format);
        using CudaLanguageModel cuda = TestModels.OnCuda(model, format);
        EvaluationResult result = TextEvaluator.Evaluate(cpu, [cuda], ids);
        Assert.Equal(1, result.Candidates[0].Divergence.PerplexityRatio.Value, PerplexityTolerance);
    }
}
