using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>The architectures that the CPU backend can run, by the <c>model_type</c> of their configuration.</summary>
internal static class CpuForwardPasses
{
    private static readonly Dictionary<string, Factory> _factories = new(StringComparer.Ordinal)
    {
        ["gpt2"] = (configuration, weights, kernel, products, pool, ledger, sequences, capacity) =>
            new Gpt2ForwardPass(configuration, weights, kernel, products, pool, ledger, sequences, capacity),
    };

    /// <summary>Makes a forward pass with room for <c>capacity</c> positions of each sequence.</summary>
    public delegate ICpuForwardPass Factory(
        ModelConfiguration configuration, CpuWeights weights, CpuKernel kernel, Products products, WorkerPool pool,
        MemoryLedger ledger, int sequences, int capacity);

    /// <summary>The factory of an architecture.</summary>
    /// <exception cref="ModelFormatException">The CPU backend does not know it.</exception>
    public static Factory For(string architecture)
    {
        return _factories.TryGetValue(architecture, out Factory? factory)
            ? factory
            : throw new ModelFormatException(
                $"The CPU backend cannot run model_type '{architecture}', only {string.Join(", ", _factories.Keys)}; "
                + "choose another model.");
    }
}
