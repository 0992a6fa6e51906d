using GptQuantBench.Cuda;
using GptQuantBench.Inference.Memory;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Device memory by category, counted in a ledger.</summary>
internal sealed class CudaMemoryPools(CudaContext context, MemoryLedger ledger)
{
    /// <summary>The context that the memory belongs to.</summary>
    public CudaContext Context => context;

    /// <summary>What is held.</summary>
    public MemoryLedger Ledger => ledger;

    /// <summary>For weight tables.</summary>
    public IDeviceAllocator Weights { get; } = Counted(context, ledger, MemoryCategory.Weights);

    /// <summary>For keys and values.</summary>
    public IDeviceAllocator KeyValueCache { get; } = Counted(context, ledger, MemoryCategory.KeyValueCache);

    /// <summary>For activations, scratch and staging.</summary>
    public IDeviceAllocator Workspace { get; } = Counted(context, ledger, MemoryCategory.Workspace);

    private static CudaDeviceAllocator Counted(CudaContext context, MemoryLedger ledger, MemoryCategory category) =>
        new(context, bytes => ledger.Add(category, bytes));
}
