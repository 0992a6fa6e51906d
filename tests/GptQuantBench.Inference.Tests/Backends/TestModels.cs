using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>Models on the CPU for tests.</summary>
internal static class TestModels
{
    /// <summary>Odd sizes everywhere: heads of 11, an inner layer that is no multiple of anything, context 70.</summary>
    public static ModelConfiguration Odd { get; } = new()
    {
        Architecture = "gpt2",
        LayerCount = 2,
        HeadCount = 5,
        EmbeddingSize = 55,
        InnerSize = 101,
        ContextLength = 70,
        VocabularySize = 307,
        LayerNormEpsilon = 1e-5f,
    };

    /// <summary>The trained fixture.</summary>
    public static CpuLanguageModel LoadNano(
        CpuKernel kernel, QuantizationFormat format, MemoryLedger? ledger = null, Products products = Products.Float)
    {
        using OpenedModel opened = OpenedModel.Open(ModelLocator.FromDirectory(Fixtures.Gpt2Nano));
        return new(opened, format, kernel, products, ledger ?? new MemoryLedger());
    }

    /// <summary>Random weights of a configuration.</summary>
    public static CpuLanguageModel LoadRandom(
        ModelConfiguration configuration,
        CpuKernel kernel,
        QuantizationFormat format,
        MemoryLedger? ledger = null,
        Action<string>? change = null,
        Products products = Products.Float)
    {
        using TemporaryFolder folder = new();
        using OpenedModel opened = OpenRandom(folder, configuration, change);
        return new(opened, format, kernel, products, ledger ?? new MemoryLedger());
    }

    /// <summary>Random weights of a configuration in a file.</summary>
    public static OpenedModel OpenRandom(TemporaryFolder folder, ModelConfiguration configuration, Action<string>? change)
    {
        ModelLocation location = new()
        {
            Name = "random",
            WeightsFile = folder["random.safetensors"],
            Configuration = configuration,
            Origin = WeightOrigin.Synthetic,
            SyntheticSeed = 7,
        };
        SyntheticCheckpoint.Ensure(location);
        change?.Invoke(location.WeightsFile);
        return OpenedModel.Open(location);
    }

    /// <summary>The logits of all positions of a new sequence: [positions, vocabulary].</summary>
    public static float[] Logits(CpuLanguageModel model, int[] ids)
    {
        using CpuDecodingSession session = (CpuDecodingSession)model.CreateSession(ids.Length);
        return Logits(session, ids, model.Configuration.VocabularySize);
    }

    /// <summary>The logits of positions that are appended to a sequence: [positions, vocabulary].</summary>
    public static float[] Logits(CpuDecodingSession session, int[] ids, int vocabulary)
    {
        float[] all = new float[ids.Length * vocabulary];
        int start = session.Position;
        session.ComputeLogits(ids, (first, count, logits) =>
        {
            Assert.Equal(count * vocabulary, logits.Length);
            logits.CopyTo(all.AsSpan((first - start) * vocabulary));
        });
        return all;
    }

    /// <summary>Ids of a vocabulary, the same for the same seed.</summary>
    public static int[] Ids(int count, int vocabulary, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }
}
