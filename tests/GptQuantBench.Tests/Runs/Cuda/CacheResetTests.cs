using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;
using Driver = GptQuantBench.Tests.StandInDriver.StandInDriver;

namespace GptQuantBench.Tests.Runs.Cuda;

/// <summary>Weights that the persistent path keeps in the L2 cache do not stay there longer than its session.</summary>
[Collection(Driver.InThisProcess)]
public sealed class CacheResetTests
{
    [Theory]
    [InlineData("persistent", 3, 1)]
    [InlineData("persistent", 0, 0)]
    [InlineData("graph", 3, 0)]
    public void ASessionThatHasLaunchedThePersistentKernelResetsTheCacheOnceWhenDisposed(string decode, int ids, int resets)
    {
        var count = Driver.LoadCacheResets();
        using var opened = OpenedModel.Open(ModelLocator.FromDirectory(Repository.Nano));
        using var model = BackendRegistry.Find("cuda").Load(opened, QuantizationFormat.Fp16, new BackendOptions(Decode: decode));
        Assert.Equal(decode, model.Decode);
        var before = count();
        using (var session = model.CreateSession(8))
        {
            session.Generate([1, 2, 3], new int[ids], SamplingOptions.Greedy);
            session.Reset();
            Assert.Equal(before, count());
        }

        Assert.Equal(before + resets, count());
    }

    [Fact]
    public void EpochsOfLaunchesGoOnWithoutAGap()
    {
        Driver.LoadCacheResets();
        using var opened = OpenedModel.Open(ModelLocator.FromDirectory(Repository.Nano));
        using var model = BackendRegistry.Find("cuda").Load(opened, QuantizationFormat.Fp16, new BackendOptions(Decode: "persistent"));
        using var session = model.CreateSession(16);
        for (var launch = 0; launch < 3; launch++)
        {
            // The stand-in fails where an epoch is left out or comes twice.
            session.Generate([1, 2, 3], new int[4 + launch], new SamplingOptions(0.8f, 0.9f, 1));
            session.ComputeLogits([4], (_, _, _) => { });
        }
    }
}
