using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Loading, generating and disposing again and again leaves the device's memory where it was after the first time.</summary>
public sealed class LifetimeTests
{
    private const long Tolerance = 2 << 20;

    private static readonly int[] _prompt = [464, 2003, 286, 9552, 318];

    [Fact]
    public void A_thousand_lives_of_the_trained_model_leave_nothing()
    {
        using OpenedModel model = TestModels.Nano();
        LiveAndLeaveNothing(model, 1000);
    }

    [Fact]
    public void Fifty_lives_of_gpt2_leave_nothing()
    {
        using OpenedModel model = TestModels.Synthetic(ModelCatalogue.Get("gpt2").Configuration);
        LiveAndLeaveNothing(model, 50);
    }

    private static void LiveAndLeaveNothing(OpenedModel model, int times)
    {
        CudaContext context = Gpu.Require();
        QuantizationFormat[] formats = [QuantizationFormat.Fp16, QuantizationFormat.EightBit, QuantizationFormat.FourBit];
        int[][] first = [.. formats.Select(format => Live(model, format))];
        long before = context.GetMemoryInfo().FreeBytes;
        for (int life = 0; life < times; life++)
        {
            int[] ids = Live(model, formats[life % formats.Length]);
            Assert.Equal(first[life % formats.Length], ids);
        }

        Assert.InRange(context.GetMemoryInfo().FreeBytes, before - Tolerance, before + Tolerance);
    }

    private static int[] Live(OpenedModel model, QuantizationFormat format)
    {
        int[] ids = new int[5];
        using CudaLanguageModel cuda = TestModels.OnCuda(model, format);
        using IDecodingSession session = cuda.CreateSession(_prompt.Length + ids.Length);
        session.Generate(_prompt, ids, new SamplingOptions(0.8f, 0.9f, 42));
        return ids;
    }
}
