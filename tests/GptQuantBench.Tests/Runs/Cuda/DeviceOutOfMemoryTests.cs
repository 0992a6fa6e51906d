using GptQuantBench.Cuda;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;
using Driver = GptQuantBench.Tests.StandInDriver.StandInDriver;

namespace GptQuantBench.Tests.Runs.Cuda;

/// <summary>Device memory, or page-locked memory, that runs out at each allocation of a case in turn: one sentence, and all comes back.</summary>
[Collection(Driver.InThisProcess)]
public sealed class DeviceOutOfMemoryTests
{
    private static readonly IBackend _backend = BackendRegistry.Find("cuda");

    [Theory]
    [InlineData("FP16", "auto")]
    [InlineData("FP16", "eager")]
    [InlineData("8-bit", "auto")]
    [InlineData("4-bit", "auto")]
    public void EveryRefusalGivesBackWhatWasTaken(string format, string decode)
    {
        var allow = Driver.Load();
        // What the device keeps for the life of the process is there after the first time.
        Use(format, decode);
        var kept = allow(-1);

        var refusals = 0;
        while (IsRefused(format, decode, () => allow(refusals)))
        {
            refusals++;
            Assert.Equal(kept, allow(-1));
        }

        Assert.Equal(kept, allow(-1));
        // Weights, cache, activations, logits and page-locked buffers.
        Assert.InRange(refusals, 10, 500);
    }

    private static bool IsRefused(string format, string decode, Action plant)
    {
        plant();
        try
        {
            Use(format, decode);
            return false;
        }
        catch (CudaException exception)
        {
            Assert.Contains("CUDA_ERROR_OUT_OF_MEMORY", exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', exception.Message);
            return true;
        }
    }

    private static void Use(string format, string decode)
    {
        using var opened = OpenedModel.Open(ModelLocator.FromDirectory(Path.Combine(Repository.Fixtures, "variants", "smallest-f32")));
        using var model = _backend.Load(opened, QuantizationFormat.Parse(format), new BackendOptions(Decode: decode));
        using var session = model.CreateSession(8);
        session.Generate([1, 2, 3], new int[3], SamplingOptions.Greedy);
        session.Reset();
        session.ComputeLogits([1, 2, 3], (_, _, _) => { });
    }
}
