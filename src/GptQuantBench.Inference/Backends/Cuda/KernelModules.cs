using System.Collections.Concurrent;
using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>The modules of one device from one place, each compiled when it is first needed. Thread-safe.</summary>
internal sealed class KernelModules(CudaContext context, PtxStore store) : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<CudaModule>> _modules = new(StringComparer.Ordinal);

    /// <summary>The context.</summary>
    public CudaContext Context => context;

    /// <summary>A module by its name, without architecture.</summary>
    /// <exception cref="CudaException">The driver rejects the PTX.</exception>
    public CudaModule Get(string name) => _modules.GetOrAdd(name, key => new(() => store.Load(context, key))).Value;

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
