using System.Collections.Concurrent;
using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>The modules of one device from one place, each compiled when it is first needed. Thread-safe.</summary>
internal sealed class KernelModules(CudaContext context, PtxStore store) : IDisposable
{
    private readonly ConcurrentDictionary<(string Name, string? Entry), Lazy<CudaModule>> _modules = [];

    /// <summary>The context.</summary>
    public CudaContext Context => context;

    /// <summary>A module by its name, without architecture; with one of its kernels alone where that is named.</summary>
    /// <exception cref="CudaException">The driver rejects the PTX.</exception>
    public CudaModule Get(string name, string? entry = null) =>
        _modules.GetOrAdd((name, entry), key => new(() => store.Load(context, key.Name, key.Entry))).Value;

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (Lazy<CudaModule> module in _modules.Values)
        {
            if (module.IsValueCreated)
            {
                module.Value.Dispose();
            }
        }
    }
}
