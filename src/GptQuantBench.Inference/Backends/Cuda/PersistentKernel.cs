using System.Globalization;
using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Launches the persistent kernel (persistent.cuh) for models of one shape and format.</summary>
internal sealed class PersistentKernel
{
    /// <summary>Loads after which a block gives up waiting; for tools that slow the device down.</summary>
    public const string PatienceVariable = "GPTQUANTBENCH_PATIENCE";

    /// <summary>The kernel of the module that <see cref="PersistentFolds"/> launches.</summary>
    public const string FoldEntry = "persistent_fold";

    /// <summary>Columns of the residual stream up to which a model has the kernels that keep less of it in registers.</summary>
    public const int NarrowWidth = 1024;

    private const uint DefaultPatience = 4_000_000; // some seconds: a load of the L2 cache takes about 1 µs
    private const int MaxWidth = 2048; // persistent_arguments.cuh

    private readonly CudaKernel _kernel;
    private readonly LaunchShape _launch;

    /// <summary>Takes the kernel from its module, which is compiled here.</summary>
    /// <exception cref="CudaException">The driver rejects the PTX.</exception>
    public PersistentKernel(KernelModules modules, ModelConfiguration configuration, QuantizationFormat format)
    {
        Shape = PersistentShape.OfDecode(configuration, modules.Context.Device);
        Pace = PersistentPace.OfDecode(configuration, format, Shape, modules.Context.Device);
        string module = Module(format), entry = Entry(configuration, format, Shape);
        _kernel = modules.Get(module, entry).GetKernel(entry);
        Fold = modules.Get(module, FoldEntry).GetKernel(FoldEntry);
        _kernel.RequireArguments<Parameter<PersistentArguments>>();
        _launch = Prepare(_kernel, Shape);
        string? patience = Environment.GetEnvironmentVariable(PatienceVariable);
        Patience = uint.TryParse(patience, NumberStyles.None, CultureInfo.InvariantCulture, out uint loads) && loads > 0
            ? loads
            : string.IsNullOrEmpty(patience)
            ? DefaultPatience
            : throw new ModelFormatException($"{PatienceVariable} is {Quoted.Text(patience)}; set it to a number of loads from 1 to {uint.MaxValue}, or unset it.");
    }

    /// <summary>Blocks and shared memory.</summary>
    public PersistentShape Shape { get; }

    /// <summary>How fast the weights are asked for.</summary>
    public PersistentPace Pace { get; }

    /// <summary>Loads after which a wait is given up.</summary>
    public uint Patience { get; }

    /// <summary>Registers and local memory of a thread, for tests.</summary>
    public CudaKernel Kernel => _kernel;

    /// <summary><see cref="FoldEntry"/>.</summary>
    public CudaKernel Fold { get; }

    /// <summary>The module with the kernel for a format.</summary>
    public static string Module(QuantizationFormat format) => KernelSet.WeightsModule(format).Replace("weights_", "persistent_", StringComparison.Ordinal);

    /// <summary>The kernel of the module for models whose launch has a shape.</summary>
    public static string Entry(ModelConfiguration configuration, QuantizationFormat format, PersistentShape shape) => configuration switch
    {
        { HeadSize: 64, EmbeddingSize: <= NarrowWidth } when shape.IsTall(configuration, format) => "persistent_decode_tall",
        { HeadSize: 64, EmbeddingSize: <= NarrowWidth } => "persistent_decode",
        { HeadSize: 64 } => "persistent_decode_wide",
        _ => "persistent_decode_any",
    };

    /// <summary>Why a model cannot run on the persistent path of a device, as one sentence; null where it can.</summary>
    public static string? Refusal(ModelConfiguration configuration, QuantizationFormat format, CudaDevice device)
    {
        PersistentShape shape = PersistentShape.OfDecode(configuration, device);
        string? reason = device.GetAttribute(CudaDeviceAttribute.CooperativeLaunch) == 0
            ? $"{device.Name} cannot launch blocks that wait for each other"
            : configuration.HeadSize is not (32 or 64 or 128)
            ? $"its heads have {configuration.HeadSize} dimensions, not 32, 64 or 128"
            : configuration.EmbeddingSize > MaxWidth
            ? $"it is {configuration.EmbeddingSize} wide, more than {MaxWidth}"
            : configuration.InnerSize % 4 != 0
            ? $"its feed-forward layers are {configuration.InnerSize} wide, no multiple of 4"
            : shape.Blocks < 1
            ? $"its vocabulary of {configuration.VocabularySize} is too small"
            : shape.FindObstacle(configuration, format, device);
        return reason is null ? null : $"The decode path persistent cannot run the model: {reason}; choose the decode path graph.";
    }

    /// <summary>Readies a kernel for launches of a shape.</summary>
    public static LaunchShape Prepare(CudaKernel kernel, PersistentShape shape)
    {
        kernel.MaxDynamicSharedBytes = Math.Max(shape.SharedBytes, kernel.MaxDynamicSharedBytes); // models of other shapes share the kernel
        return new(shape.Blocks, kernel.MaxThreadsPerBlock, shape.SharedBytes) { Cooperative = true }; // LaunchThreads, which depends on the architecture
    }

    /// <summary>Queues a launch.</summary>
    public void Launch(CudaStream stream, in PersistentArguments arguments) =>
        _kernel.Launch(stream, _launch, new Parameter<PersistentArguments>(arguments));
}
