using System.Globalization;
using System.Runtime.CompilerServices;
using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Launches the persistent kernel (persistent.cuh) for models of one shape and format.</summary>
internal sealed class PersistentKernel
{
    /// <summary>Loads after which a block gives up waiting; for tools that slow the device down.</summary>
    public const string PatienceVariable = "GPTQUANTBENCH_PATIENCE";

    private const uint DefaultPatience = 4_000_000; // some seconds: a load of the L2 cache takes about 1 µs

    // Constants of persistent_arguments.cuh and persistent_product.cuh.
    private const int Threads = 256;
    private const int Warps = Threads / 32;
    private const int Slots = 12;
    private const int UnitBytes = 1024;
    private const int GroupBytes = 256;
    private const int UnitBytesInLists = 8;
    private const int SegmentBytes = 512;
    private const int MaxWidth = 2048;

    // Static shared memory of the kernel, with room to spare.
    private const int StaticSharedBytes = 16 * 1024;

    private readonly CudaKernel _kernel;
    private readonly LaunchShape _shape;

    /// <summary>Takes the kernel from its module, which is compiled here.</summary>
    /// <exception cref="CudaException">The driver rejects the PTX.</exception>
    public PersistentKernel(KernelModules modules, ModelConfiguration configuration, QuantizationFormat format)
    {
        Blocks = BlocksFor(configuration, modules.Context.Device);
        ActivationBytes = ActivationBytesOf(configuration, format);
        SumBytes = SumBytesOf(configuration, format, Blocks);
        int shared = SharedBytes(configuration, format, Blocks);
        _kernel = modules.Get(Module(format)).GetKernel("persistent_decode");
        _kernel.RequireArguments<Parameter<PersistentArguments>>();
        _kernel.MaxDynamicSharedBytes = Math.Max(shared, _kernel.MaxDynamicSharedBytes); // models of other shapes share the kernel
        _shape = new(Blocks, Threads, shared) { Cooperative = true };
        string? patience = Environment.GetEnvironmentVariable(PatienceVariable);
        Patience = uint.TryParse(patience, NumberStyles.None, CultureInfo.InvariantCulture, out uint loads) && loads > 0
            ? loads
            : string.IsNullOrEmpty(patience)
            ? DefaultPatience
            : throw new ModelFormatException($"{PatienceVariable} is {Quoted.Text(patience)}; set it to a number of loads from 1 to {uint.MaxValue}, or unset it.");
    }

    /// <summary>Blocks of a launch, all of which run at once.</summary>
    public int Blocks { get; }

    /// <summary>Shared memory for the activations of a product, bytes.</summary>
    public int ActivationBytes { get; }

    /// <summary>Shared memory for the partial sums of a product, bytes.</summary>
    public int SumBytes { get; }

    /// <summary>Loads after which a wait is given up.</summary>
    public uint Patience { get; }

    /// <summary>Registers and local memory of a thread, for tests.</summary>
    public CudaKernel Kernel => _kernel;

    /// <summary>The module with the kernel for a format.</summary>
    public static string Module(QuantizationFormat format) => KernelSet.WeightsModule(format).Replace("weights_", "persistent_", StringComparison.Ordinal);

    /// <summary>Why a model cannot run on the persistent path of a device, as one sentence; null where it can.</summary>
    public static string? Refusal(ModelConfiguration configuration, QuantizationFormat format, CudaDevice device)
    {
        int shared = StaticSharedBytes;
        string? reason = device.GetAttribute(CudaDeviceAttribute.CooperativeLaunch) == 0
            ? $"{device.Name} cannot launch blocks that wait for each other"
            : configuration.HeadSize is not (32 or 64 or 128)
            ? $"its heads have {configuration.HeadSize} dimensions, not 32, 64 or 128"
            : configuration.EmbeddingSize > MaxWidth
            ? $"it is {configuration.EmbeddingSize} wide, more than {MaxWidth}"
            : configuration.InnerSize % 4 != 0
            ? $"its feed-forward layers are {configuration.InnerSize} wide, no multiple of 4"
            : BlocksFor(configuration, device) < 1
            ? $"its vocabulary of {configuration.VocabularySize} is too small"
            : (shared += SharedBytes(configuration, format, BlocksFor(configuration, device))) > device.MaxSharedMemoryPerBlockOptin
            ? $"it needs {shared} bytes of shared memory, more than the {device.MaxSharedMemoryPerBlockOptin} of {device.Name}"
            : null;
        return reason is null ? null : $"The decode path persistent cannot run the model: {reason}; choose the decode path graph.";
    }

    /// <summary>Queues a launch.</summary>
    public void Launch(CudaStream stream, in PersistentArguments arguments) =>
        _kernel.Launch(stream, _shape, new Parameter<PersistentArguments>(arguments));

    // Every block has a pair of rows of each matrix, every warp one of the head.
    private static int BlocksFor(ModelConfiguration configuration, CudaDevice device) => Math.Min(
        Math.Min(device.MultiprocessorCount, Threads),
        Math.Min(Math.Min(configuration.EmbeddingSize, configuration.InnerSize) / 2, (configuration.VocabularySize + 1) / 2 / Warps));

    private static int Segments(QuantizationFormat format, int columns) => (new PackedLayout(format, 1, columns).CodeRowBytes + SegmentBytes - 1) / SegmentBytes;

    private static int ActivationBytesOf(ModelConfiguration configuration, QuantizationFormat format) =>
        Segments(format, Math.Max(configuration.EmbeddingSize, configuration.InnerSize)) * (SegmentBytes * 8 / format.Bits) * sizeof(ushort);

    private static int SharedBytes(ModelConfiguration configuration, QuantizationFormat format, int blocks)
    {
        int groups = (format.Bits == 16 || format.GroupSize == QuantizationFormat.WholeRow ? 0 : 1) + (format.IsSymmetric ? 0 : 1);
        int rings = Warps * Slots * (UnitBytes + (groups * GroupBytes));
        int layers = ((configuration.LayerCount + 1) * Unsafe.SizeOf<PersistentLayer>() + 15) / 16 * 16;
        return layers + rings + ActivationBytesOf(configuration, format) + SumBytesOf(configuration, format, blocks) + ListBytes(configuration, format, blocks);
    }

    // Eight FP32 partial sums a row and segment of the largest product.
    private static int SumBytesOf(ModelConfiguration configuration, QuantizationFormat format, int blocks) =>
        Products(configuration).Max(shape => 2 * Pairs(shape.Rows, blocks) * Segments(format, shape.Columns)) * 8 * sizeof(float);

    // Lists of units: of the head, as many pairs for every warp.
    private static int ListBytes(ModelConfiguration configuration, QuantizationFormat format, int blocks) => UnitBytesInLists
        * (Products(configuration).Sum(shape => Pairs(shape.Rows, blocks) * Segments(format, shape.Columns))
            + ((Pairs(configuration.VocabularySize, blocks) + Warps - 1) / Warps * Warps * Segments(format, configuration.EmbeddingSize)));

    private static (int Rows, int Columns)[] Products(ModelConfiguration configuration)
    {
        (int width, int inner) = (configuration.EmbeddingSize, configuration.InnerSize);
        return [(3 * width, width), (width, width), (inner, width), (width, inner)];
    }

    // Pairs of rows that a block has at most.
    private static int Pairs(int rows, int blocks) => (((rows + 1) / 2) + blocks - 1) / blocks;
}
