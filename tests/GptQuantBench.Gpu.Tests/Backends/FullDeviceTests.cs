using System.Globalization;
using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>A device that other memory fills.</summary>
public sealed class FullDeviceTests
{
    // Room for some of gpt2's 249 MB in FP16, whatever the driver needs beside.
    private const long LeftFree = 128L << 20;
    private const long BlockBytes = 64L << 20;

    // What the driver keeps of the last free bytes: pages of 2 MiB, and what it needs itself.
    private const long Unusable = 16L << 20;

    [Fact]
    public void A_model_that_does_not_fit_names_what_was_asked_and_what_was_free_and_loads_when_there_is_room()
    {
        CudaContext context = Gpu.Require();
        using OpenedModel model = TestModels.Synthetic(ModelCatalogue.Get("gpt2").Configuration);
        using (CudaDeviceVariable<byte> first = new(context, 1))
        using (ILanguageModel warm = TestModels.OnCuda(model, QuantizationFormat.Fp16))
        {
            // What the first load of a process keeps (kernels, staging of the driver) must not be taken for the model's.
        }

        List<CudaDeviceVariable<byte>> filling = [];
        try
        {
            while (context.GetMemoryInfo().FreeBytes > LeftFree + BlockBytes)
            {
                filling.Add(new(context, Math.Max(BlockBytes, (context.GetMemoryInfo().FreeBytes - LeftFree) / 2)));
            }

            CudaOutOfMemoryException error = Assert.Throws<CudaOutOfMemoryException>(() => TestModels.OnCuda(model, QuantizationFormat.Fp16));
            Assert.True(error.RequestedBytes > error.FreeBytes - Unusable, error.Message);
            Assert.Contains(error.RequestedBytes.ToString("N0", CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
            Assert.Contains(error.FreeBytes.ToString("N0", CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
            Assert.Null(BackendRegistry.Find("cuda").FaultOf(error, new BackendOptions()));
        }
        finally
        {
            filling.ForEach(block => block.Dispose());
        }

        using ILanguageModel loaded = TestModels.OnCuda(model, QuantizationFormat.Fp16);
        Assert.Equal(5 * 50257, TestModels.Logits(loaded, [464, 2003, 286, 9552, 318]).Length);
    }
}
