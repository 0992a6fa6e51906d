using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>A model in main memory, with the threads that run it.</summary>
internal sealed class CpuLanguageModel : ILanguageModel
{
    private readonly MemoryLedger _ledger;
    private readonly CpuKernel _kernel;
    private readonly Products _products;
    private readonly WorkerPool _pool;
    private readonly CpuWeights _weights;
    private readonly CpuForwardPasses.Factory _forwardPass;

    /// <summary>Loads.</summary>
    /// <param name="model">The opened files.</param>
    /// <param name="format">How matrices are held.</param>
    /// <param name="kernel">The SIMD kernels.</param>
    /// <param name="products">How quantised weights are multiplied.</param>
    /// <param name="ledger">Counts all native memory of the model and its sessions.</param>
    /// <exception cref="ModelFormatException">A weight is not finite, or the architecture is unknown here.</exception>
    /// <exception cref="InsufficientMemoryException">The weights do not fit into memory.</exception>
    public CpuLanguageModel(OpenedModel model, QuantizationFormat format, CpuKernel kernel, Products products, MemoryLedger ledger)
    {
        format = model.Resolve(format);
        Configuration = model.Configuration;
        Format = format;
        _kernel = kernel;
        _products = products;
        _ledger = ledger;
        _forwardPass = CpuForwardPasses.For(Configuration.Architecture);
        BytesPerToken = ModelFootprint.Of(model.Architecture, Configuration, format).BytesPerToken;
        _pool = new(Environment.ProcessorCount);
        try
        {
            _weights = new(model, format, kernel, ledger, _pool);
        }
        catch
        {
            _pool.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public ModelConfiguration Configuration { get; }

    /// <inheritdoc />
    public QuantizationFormat Format { get; }

    /// <summary>The SIMD kernels and how they multiply: <c>avx512-integer</c>.</summary>
    public string Decode => CpuDecodePath.Name(_kernel, _products);

    /// <summary>The same for the widest vectors of this machine and what is fastest with them, whatever is forced.</summary>
    public string DefaultDecode => CpuDecodePath.Name(CpuKernels.Default, CpuDecodePath.Default(Format));

    /// <inheritdoc />
    public MemoryUsage Memory => _ledger.Usage;

    /// <inheritdoc />
    public long BytesPerToken { get; }

    /// <inheritdoc />
    public double MeasureReadBandwidth()
    {
        using ReadBandwidthProbe probe = new(_weights.MatrixParts, _pool);
        return ProbeRate.Median(probe, ProbeRate.Passes, pass => pass.BytesPerPass);
    }

    /// <inheritdoc />
    public IDecodingSession CreateSession(int capacity) => Create(
        sequences: 1, capacity, (forward, rounded) => new CpuDecodingSession(Configuration, forward, _pool, _ledger, rounded));

    /// <inheritdoc />
    public IBatchDecodingSession CreateBatch(int sequences, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequences, 1);
        return Create(
            sequences, capacity, (forward, rounded) => new CpuBatchDecodingSession(Configuration, forward, _pool, _ledger, sequences, rounded));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _weights.Dispose();
        _pool.Dispose();
    }

    /// <summary>The forward pass over caches of its own.</summary>
    internal ICpuForwardPass CreateForwardPass(int sequences, int capacity) =>
        _forwardPass(Configuration, _weights, _kernel, _products, _pool, _ledger, sequences, capacity);

    private T Create<T>(int sequences, int capacity, Func<ICpuForwardPass, int, T> session)
    {
        int rounded = SequenceLimits.RoundCapacity(capacity, Configuration);
        ICpuForwardPass forward = CreateForwardPass(sequences, rounded);
        try
        {
            return session(forward, rounded);
        }
        catch
        {
            forward.Dispose();
            throw;
        }
    }
}
