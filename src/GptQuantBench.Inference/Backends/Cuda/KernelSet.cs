using GptQuantBench.Cuda;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>The kernels that one format needs, on one device.</summary>
internal sealed class KernelSet
{
    private readonly Lazy<BatchKernels> _batch;
    private readonly Lazy<TiledKernels> _tiled;

    /// <summary>Compiles what is not compiled yet, all modules at the same time.</summary>
    /// <exception cref="CudaException">The driver rejects the PTX.</exception>
    public KernelSet(KernelModules modules, QuantizationFormat format)
    {
        string weights = WeightsModule(format);
        Compile(modules, [(weights, null), ("attention", null), ("rows", null), ("sample", null), ("quantize", null)]);
        Linear = new(modules.Get(weights), format.Bits, modules.Context.Device);
        Tables = new(modules.Get(weights));
        Attention = new(modules.Get("attention"));
        Rows = new(modules.Get("rows"));
        Sample = new(modules.Get("sample"));
        Pack = new(modules.Get("quantize"));
        _batch = new(() => new(modules.Get("batch")));
        _tiled = new(() => new(modules.Get(weights.Replace("weights", "tiled", StringComparison.Ordinal)), format, modules.Context.Device));
    }

    /// <summary>Matrix products of a few tokens.</summary>
    public LinearKernels Linear { get; }

    /// <summary>Embedding, end of a step, unpacking.</summary>
    public TableKernels Tables { get; }

    /// <summary>Attention.</summary>
    public AttentionKernels Attention { get; }

    /// <summary>What stands between products.</summary>
    public RowKernels Rows { get; }

    /// <summary>Temperature and top-p.</summary>
    public SampleKernels Sample { get; }

    /// <summary>Checkpoint values to packed weights.</summary>
    public PackKernels Pack { get; }

    /// <summary>What stands between products of several sequences; compiled at the first call.</summary>
    /// <exception cref="CudaException">The driver rejects the PTX.</exception>
    public BatchKernels Batch => _batch.Value;

    /// <summary>Matrix products of many tokens; compiled at the first call.</summary>
    /// <exception cref="CudaException">The driver rejects the PTX.</exception>
    public TiledKernels Tiled => _tiled.Value;

    /// <summary>Compiles modules, or one kernel of a module, at the same time.</summary>
    /// <exception cref="CudaException">The driver rejects the PTX.</exception>
    public static void Compile(KernelModules modules, IReadOnlyList<(string Name, string? Entry)> names)
    {
        try
        {
            Parallel.ForEach(names, module => modules.Get(module.Name, module.Entry));
        }
        catch (AggregateException exception) when (exception.InnerExceptions.OfType<CudaException>().FirstOrDefault() is { } first)
        {
            throw first;
        }
    }

    /// <summary>The module with the kernels that read weights of a format.</summary>
    public static string WeightsModule(QuantizationFormat format) => format switch
    {
        { Bits: 16 } => "weights_fp16",
        { Bits: 8, GroupSize: QuantizationFormat.WholeRow } => "weights_int8",
        { Bits: 8 } => "weights_int8_grouped",
        { Bits: 4, IsSymmetric: true } => "weights_int4",
        _ => "weights_int4_minimum",
    };
}
