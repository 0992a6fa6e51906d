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

    // Constants of persistent_arguments.cuh and persistent_ring.cuh; threads: those that multiply.
    private const int Threads = 256;
    private const int Warps = Threads / 32;
    private const int MaxWidth = 2048;
    private const int MostStageRows = 24;
    private const int MostStageBytes = 53248;
    private const int MostStages = 128;
    private const int FewestSlots = 2;
    private const int RowsRead = 32; // sums that a warp reads, however few there are

    // Static shared memory of the kernel, with room to spare.
    private const int StaticSharedBytes = 24 * 1024;

    private readonly CudaKernel _kernel;
    private readonly LaunchShape _shape;

    /// <summary>Takes the kernel from its module, which is compiled here.</summary>
    /// <exception cref="CudaException">The driver rejects the PTX.</exception>
    public PersistentKernel(KernelModules modules, ModelConfiguration configuration, QuantizationFormat format)
    {
        Blocks = BlocksFor(configuration, modules.Context.Device);
        KeptBytes = KeptBytesOf(modules.Context.Device, Blocks);
        SumPitch = SumPitchOf(configuration, Blocks);
        int fixedBytes = FixedBytes(configuration, Blocks);
        RingBytes = RingBytesOf(configuration, Blocks, modules.Context.Device);
        int shared = fixedBytes + RingBytes;
        CudaModule module = modules.Get(Module(format));
        _kernel = module.GetKernel(Entry(configuration));
        Fold = module.GetKernel("persistent_fold");
        _kernel.RequireArguments<Parameter<PersistentArguments>>();
        _kernel.MaxDynamicSharedBytes = Math.Max(shared, _kernel.MaxDynamicSharedBytes); // models of other shapes share the kernel
        _shape = new(Blocks, _kernel.MaxThreadsPerBlock, shared) { Cooperative = true }; // LaunchThreads, which depends on the architecture
        string? patience = Environment.GetEnvironmentVariable(PatienceVariable);
        Patience = uint.TryParse(patience, NumberStyles.None, CultureInfo.InvariantCulture, out uint loads) && loads > 0
            ? loads
            : string.IsNullOrEmpty(patience)
            ? DefaultPatience
            : throw new ModelFormatException($"{PatienceVariable} is {Quoted.Text(patience)}; set it to a number of loads from 1 to {uint.MaxValue}, or unset it.");
    }

    /// <summary>Blocks of a launch, all of which run at once.</summary>
    public int Blocks { get; }

    /// <summary>Shared memory for weights on their way, bytes.</summary>
    public int RingBytes { get; }

    /// <summary>Partial sums of a warp, as the kernel's arguments count them.</summary>
    public int SumPitch { get; }

    /// <summary>Bytes of a block's rows of the head that stay in the L2 cache from step to step; 0 where loads cannot ask for it.</summary>
    public int KeptBytes { get; }

    /// <summary>Loads after which a wait is given up.</summary>
    public uint Patience { get; }

    /// <summary>Registers and local memory of a thread, for tests.</summary>
    public CudaKernel Kernel => _kernel;

    /// <summary>The module with the kernel for a format.</summary>
    public static string Module(QuantizationFormat format) => KernelSet.WeightsModule(format).Replace("weights_", "persistent_", StringComparison.Ordinal);

    /// <summary>Why a model cannot run on the persistent path of a device, as one sentence; null where it can.</summary>
    public static string? Refusal(ModelConfiguration configuration, QuantizationFormat format, CudaDevice device)
    {
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
            : StagesRefusal(configuration, format, device);
        return reason is null ? null : $"The decode path persistent cannot run the model: {reason}; choose the decode path graph.";
    }

    /// <summary>The kernel that <see cref="PersistentFolds"/> launches.</summary>
    public CudaKernel Fold { get; }

    /// <summary>The kernel of the module for models of a shape.</summary>
    public static string Entry(ModelConfiguration configuration) => configuration switch
    {
        { HeadSize: 64, EmbeddingSize: <= 1024 } => "persistent_decode",
        { HeadSize: 64 } => "persistent_decode_wide",
        _ => "persistent_decode_any",
    };

    /// <summary>Queues a launch.</summary>
    public void Launch(CudaStream stream, in PersistentArguments arguments) =>
        _kernel.Launch(stream, _shape, new Parameter<PersistentArguments>(arguments));

    /// <summary>Partial sums of a warp for a launch of so many blocks: at least the rows that a warp reads at once.</summary>
    internal static int SumPitchOf(ModelConfiguration configuration, int blocks)
    {
        int product = Products(configuration).Max(shape => RowsOf(shape.Rows, blocks));
        return (Math.Max(Math.Max(product + 7, RowsRead), (RowsOf(configuration.VocabularySize, blocks) + 8) / 2) + 3) / 4 * 4;
    }

    // Every block has a pair of rows of each matrix, every warp one of the head.
    private static int BlocksFor(ModelConfiguration configuration, CudaDevice device) => Math.Min(
        Math.Min(device.MultiprocessorCount, Threads),
        Math.Min(Math.Min(configuration.EmbeddingSize, configuration.InnerSize) / 2, (configuration.VocabularySize + 1) / 2 / Warps));

    // All blocks' together are half of the cache: the other half is for what every layer reads again and for the weights on their way. Only
    // copies in bulk say what stays, and those are of sm_90 (persistent_ring.cuh).
    private static int KeptBytesOf(CudaDevice device, int blocks) => device.ComputeCapability.Major >= 9 ? device.L2CacheSize / 2 / blocks : 0;

    // slice_bytes(…) of persistent_operand.cuh.
    private static int SliceBytes(int columns) =>
        (((columns + PackedLayout.BlockColumns - 1) / PackedLayout.BlockColumns + Warps - 1) / Warps + 3) / 4 * 4 * PackedLayout.BlockColumns * sizeof(ushort);

    // Dynamic shared memory besides the ring.
    private static int FixedBytes(ModelConfiguration configuration, int blocks)
    {
        int layers = ((configuration.LayerCount + 1) * Unsafe.SizeOf<PersistentLayer>() + 127) / 128 * 128;
        int activations = Warps * (SliceBytes(configuration.EmbeddingSize) + SliceBytes(configuration.InnerSize));
        return layers + activations + (2 * Warps * SumPitchOf(configuration, blocks) * sizeof(float));
    }

    // What the device has left, at least 0.
    private static int RingBytesOf(ModelConfiguration configuration, int blocks, CudaDevice device) =>
        Math.Max(0, device.MaxSharedMemoryPerBlockOptin - StaticSharedBytes - FixedBytes(configuration, blocks)) / 128 * 128;

    // share_of(…) of persistent_ring.cuh: whether the ring has room for stages.
    private static string? StagesRefusal(ModelConfiguration configuration, QuantizationFormat format, CudaDevice device)
    {
        int blocks = BlocksFor(configuration, device), ring = RingBytesOf(configuration, blocks, device), stages = 0, slot = 0;
        foreach ((int rows, int columns) in Products(configuration).Append((configuration.VocabularySize, configuration.EmbeddingSize)))
        {
            PackedLayout layout = new(format, 1, columns);
            int row = StageBytes(layout, 1), most = Math.Clamp(Math.Min(MostStageBytes, ring / FewestSlots) / row, 1, MostStageRows);
            most = most < 8 ? most : most / 8 * 8;
            stages += (RowsOf(rows, blocks) + most - 1) / most;
            slot = Math.Max(slot, (StageBytes(layout, most) + 127) / 128 * 128);
        }

        return FewestSlots * slot > ring
            ? $"it needs {FewestSlots * slot} bytes of shared memory for weights, more than the {ring} that {device.Name} has left"
            : stages > MostStages
            ? $"a block of {device.Name} would read it in {stages} parts, more than {MostStages}"
            : null;
    }

    // stage_bytes(…) of persistent_ring.cuh.
    private static int StageBytes(PackedLayout layout, int rows)
    {
        int scales = layout.IsGrouped ? ((rows * layout.GroupsPerRow * sizeof(ushort)) + 31) / 16 * 16 : 0;
        return (rows * layout.CodeRowBytes) + (layout.Format.IsSymmetric ? scales : 2 * scales);
    }

    private static (int Rows, int Columns)[] Products(ModelConfiguration configuration)
    {
        (int width, int inner) = (configuration.EmbeddingSize, configuration.InnerSize);
        return [(3 * width, width), (width, width), (inner, width), (width, inner)];
    }

    // Rows that a block has at most: they come in pairs.
    private static int RowsOf(int rows, int blocks) => 2 * ((((rows + 1) / 2) + blocks - 1) / blocks);
}
