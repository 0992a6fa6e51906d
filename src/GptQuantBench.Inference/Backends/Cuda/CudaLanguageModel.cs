using System.Diagnostics.CodeAnalysis;
using GptQuantBench.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>A model in the memory of an NVIDIA GPU.</summary>
internal sealed class CudaLanguageModel : ILanguageModel
{
    private const string Architecture = "gpt2";

    private readonly BackendOptions _options;
    private readonly CudaWeights _weights;
    private CuBlasProduct? _cuBlas;

    /// <summary>Loads.</summary>
    /// <exception cref="ModelFormatException">A weight is not finite, or something was asked for that cannot run.</exception>
    /// <exception cref="CudaException">The device is full or faulty.</exception>
    public CudaLanguageModel(OpenedModel model, QuantizationFormat format, BackendOptions options)
    {
        _options = options;
        format = model.Resolve(format);
        Configuration = model.Configuration;
        Format = format;
        if (Configuration.Architecture != Architecture)
        {
            throw new ModelFormatException(
                $"The CUDA backend cannot run model_type {Quoted.Text(Configuration.Architecture)}, only {Architecture}; choose another model.");
        }

        if (Configuration.HeadSize > AttentionKernels.MaxHeadSize)
        {
            throw new ModelFormatException(
                $"The CUDA backend cannot run heads of {Configuration.HeadSize} dimensions, only up to {AttentionKernels.MaxHeadSize}; choose the CPU backend.");
        }

        CudaDevice device = CudaDevice.Get(options.Device);
        Path = DecodePaths.Require(options.Decode, Configuration, format, device);
        DefaultDecode = DecodePaths.Name(DecodePaths.Default(Configuration, format, device));
        CudaContext context = CudaRuntime.Context(options.Device);
        Pools = new(context, new MemoryLedger());
        BytesPerToken = ModelFootprint.Of(model.Architecture, Configuration, format).BytesPerToken;
        using CudaContextScope scope = context.Use();
        try
        {
            Stream = new(context) { SynchronizesLaunches = options.LaunchByLaunch };
            Kernels = CudaRuntime.Kernels(context, format, options.KernelDirectory);
            _weights = new(model, format, Pools, Kernels.Pack, Stream);
            Layers = new(_weights, Configuration);
            if (Path == DecodePath.Persistent)
            {
                KernelModules modules = CudaRuntime.KernelModules(context, options.KernelDirectory);
                Persistent = new(modules, Configuration, format);
                Prompt = PromptKernel.Find(modules, Configuration, format);
                PersistentFolds = new(Pools, Stream, Persistent.Fold, Layers);
            }
            else if (Path == DecodePath.CuBlas)
            {
                _cuBlas = new(Pools, Stream, Kernels.Tables, format);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public ModelConfiguration Configuration { get; }

    /// <inheritdoc />
    public QuantizationFormat Format { get; }

    /// <inheritdoc />
    public string Decode => DecodePaths.Name(Path);

    /// <inheritdoc />
    public string DefaultDecode { get; }

    /// <inheritdoc />
    public MemoryUsage Memory => Pools.Ledger.Usage;

    /// <inheritdoc />
    public long BytesPerToken { get; }

    public DecodePath Path { get; }

    public CudaMemoryPools Pools { get; }

    public CudaStream Stream { get; }

    public KernelSet Kernels { get; }

    public Gpt2Layers Layers { get; }

    /// <summary>The kernel of the persistent path; null on other paths.</summary>
    public PersistentKernel? Persistent { get; }

    /// <summary>The persistent path's kernel for short prompts; null on other paths, and where it does not run the model.</summary>
    public PromptKernel? Prompt { get; }

    /// <summary>What its norms add to its products; null on other paths.</summary>
    public PersistentFolds? PersistentFolds { get; }

    public CudaWeights Weights => _weights;

    /// <summary>Products by cuBLAS, which <see cref="TryGetCuBlas"/> has found.</summary>
    public CuBlasProduct CuBlas => _cuBlas ?? throw new InvalidOperationException("cuBLAS has not been started.");

    /// <inheritdoc />
    public double MeasureReadBandwidth()
    {
        using IDeviceProbe probe = new CudaKernelBench(_options).CreateReadProbe(BytesPerToken);
        return ProbeRate.Median(probe, ProbeRate.Passes, pass => pass.BytesPerPass);
    }

    /// <inheritdoc />
    public IDecodingSession CreateSession(int capacity)
    {
        int rounded = SequenceLimits.RoundCapacity(capacity, Configuration);
        using CudaContextScope scope = Pools.Context.Use();
        return new CudaDecodingSession(this, rounded);
    }

    /// <inheritdoc />
    public IBatchDecodingSession CreateBatch(int sequences, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequences, 1);
        int rounded = SequenceLimits.RoundCapacity(capacity, Configuration);
        using CudaContextScope scope = Pools.Context.Use();
        return sequences == 1
            ? new CudaSingleBatch(new CudaDecodingSession(this, rounded), Configuration)
            : new CudaBatchDecodingSession(this, sequences, rounded);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _cuBlas?.Dispose();
        PersistentFolds?.Dispose();
        _weights?.Dispose();
        Stream?.Dispose();
    }

    /// <summary>cuBLAS, started at the first call; false where it is not installed.</summary>
    public bool TryGetCuBlas([NotNullWhen(true)] out CuBlasProduct? product)
    {
        if (_cuBlas is null && CudaBlas.TryLoad(out _))
        {
            _cuBlas = new(Pools, Stream, Kernels.Tables, Format);
        }

        product = _cuBlas;
        return product is not null;
    }
}
