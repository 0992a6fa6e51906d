using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Inference.Sampling;
using GptQuantBench.Inference.Tests.Memory;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>Memory that runs out at each allocation of a case in turn: one sentence, and everything comes back.</summary>
public sealed class OutOfMemoryTests
{
    [Theory]
    [InlineData("FP16")]
    [InlineData("8-bit")]
    [InlineData("4-bit")]
    public void EveryRefusalGivesBackWhatWasTaken(string format)
    {
        int refusals = 0;
        while (IsRefused(QuantizationFormat.Parse(format), refusals))
        {
            refusals++;
        }

        // Weights, their scratch, cache, activations and logits; fewer would mean that something allocates past the ledger.
        Assert.InRange(refusals, 20, 1000);
    }

    private static bool IsRefused(QuantizationFormat format, int allowed)
    {
        var allocator = new RefusingAllocator(allowed);
        var ledger = new MemoryLedger(allocator);
        try
        {
            using OpenedModel opened = OpenedModel.Open(ModelLocator.FromDirectory(Path.Combine(Fixtures.Root, "variants", "smallest-f32")));
            using var model = new CpuLanguageModel(opened, format, CpuKernels.All.First(kernel => kernel.IsSupported), Products.Float, ledger);
            using IDecodingSession session = model.CreateSession(8);
            session.Generate([1, 2, 3], new int[3], SamplingOptions.Greedy);
            session.Reset();
            session.ComputeLogits([1, 2, 3], (_, _, _) => { });
            using IBatchDecodingSession batch = model.CreateBatch(2, 8);
        }
        catch (InsufficientMemoryException exception)
        {
            Assert.Contains("The system refused", exception.Message, StringComparison.Ordinal);
            Assert.True(allocator.HasRefused);
        }

        Assert.Equal(0, allocator.Outstanding);
        Assert.Equal(0, ledger.Usage.TotalBytes);
        return allocator.HasRefused;
    }
}
