using System.Runtime.CompilerServices;
using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Blocks and shared memory of a launch of a persistent kernel, for models of one shape on one device.</summary>
internal sealed class PersistentShape
{
    // Constants of persistent_arguments.cuh, persistent_ring.cuh, prompt_arguments.cuh and prompt.cuh; threads: those that multiply.
    private const int Threads = 256;
    private const int Warps = Threads / 32;
    private const int MostStageRows = 24;
    private const int TallStageRows = 32;
    private const int MostStageBytes = 53248; // prompts' stages are no shorter, so they are no more
    private const int MostStages = 128;
    private const int FewestSlots = 2;
    private const int RowsRead = 32; // sums that a warp reads, however few there are
    private const int PromptRowSums = Warps + 1; // of a warp's own pitch: eight tokens of eight warps, and eight more
    private const int PromptPadding = 256;

    // Static shared memory of the kernels, with few bytes to spare: what the ring gets less can cost a stage of it, and a tenth of the speed.
    private const int DecodeStaticBytes = 41 * 512;
    private const int PromptStaticBytes = 23 * 1024;

    private PersistentShape(
        ModelConfiguration configuration, CudaDevice device, int staticBytes, int inputBytes, Func<ModelConfiguration, int, int> sumPitch)
    {
        Blocks = BlocksFor(configuration, device);
        SumPitch = Blocks < 1 ? 0 : sumPitch(configuration, Blocks);

        // All blocks' together are half of the cache: the other half is for what every layer reads again and for the weights on their way.
        // Only copies in bulk say what stays, and those are of sm_90 (persistent_ring.cuh).
        KeptBytes = Blocks < 1 || device.ComputeCapability.Major < 9 ? 0 : device.L2CacheSize / 2 / Blocks;
        int layers = ((configuration.LayerCount + 1) * Unsafe.SizeOf<PersistentLayer>() + 127) / 128 * 128;
        int others = layers + inputBytes + (2 * Warps * SumPitch * sizeof(float));
        RingBytes = Math.Max(0, device.MaxSharedMemoryPerBlockOptin - staticBytes - others) / 128 * 128;
        SharedBytes = others + RingBytes;
    }

    /// <summary>Blocks of a launch, all of which run at once; less than 1 where the model is too small.</summary>
    public int Blocks { get; }

    /// <summary>Partial sums of a warp, as the kernels' arguments count them.</summary>
    public int SumPitch { get; }

    /// <summary>Bytes of a block's rows of the head that stay in the L2 cache from step to step; 0 where loads cannot ask for it.</summary>
    public int KeptBytes { get; }

    /// <summary>Shared memory for weights on their way, bytes.</summary>
    public int RingBytes { get; }

    /// <summary>All dynamic shared memory, bytes.</summary>
    public int SharedBytes { get; }

    /// <summary>Of the kernel that decodes (persistent.cuh).</summary>
    public static PersistentShape OfDecode(ModelConfiguration configuration, CudaDevice device) =>
        new(configuration, device, DecodeStaticBytes, Warps * (SliceBytes(configuration.EmbeddingSize) + SliceBytes(configuration.InnerSize)), DecodeSumPitch);

    /// <summary>Of the kernel for short prompts (prompt.cuh).</summary>
    public static PersistentShape OfPrompt(ModelConfiguration configuration, CudaDevice device) =>
        new(configuration, device, PromptStaticBytes, PromptPadding, PromptSumPitch);

    /// <summary>Partial sums of a warp when a launch of so many blocks decodes: at least the rows that a warp reads at once.</summary>
    public static int DecodeSumPitch(ModelConfiguration configuration, int blocks) =>
        (Math.Max(Math.Max(MostRows(configuration, blocks) + 7, RowsRead), (RowsOf(configuration.VocabularySize, blocks) + 8) / 2) + 3) / 4 * 4;

    /// <summary>The same of a prompt's launch: room for eight tokens' sums of a product's rows, and twice that for the head's of one.</summary>
    public static int PromptSumPitch(ModelConfiguration configuration, int blocks) =>
        (Math.Max(MostRows(configuration, blocks) * PromptRowSums, (RowsOf(configuration.VocabularySize, blocks) + 1) / 2) + 3) / 4 * 4;

    /// <summary>
    /// Whether a block's rows of the up product are one stage of four tiles, so that the kernel with such stages does in one what the others do in
    /// two.
    /// </summary>
    public bool IsTall(ModelConfiguration configuration, QuantizationFormat format) =>
        RowsOf(configuration.InnerSize, Blocks) is > MostStageRows and <= TallStageRows
            && StageBytes(new(format, 1, configuration.EmbeddingSize), TallStageRows) <= Math.Min(MostStageBytes, RingBytes / FewestSlots);

    /// <summary>Bytes of a layer's weights that a block reads, on average.</summary>
    public double LayerBytes(ModelConfiguration configuration, QuantizationFormat format) =>
        Products(configuration).Sum(shape => (double)shape.Rows * StageBytes(new(format, 1, shape.Columns), TallStageRows) / TallStageRows) / Blocks;

    /// <summary>Why the weights of a format cannot pass through the shared memory, as a clause; null where they can.</summary>
    public string? FindObstacle(ModelConfiguration configuration, QuantizationFormat format, CudaDevice device)
    {
        // share_of(…) of persistent_ring.cuh.
        int stages = 0, slot = 0;
        foreach ((int rows, int columns) in Products(configuration).Append((configuration.VocabularySize, configuration.EmbeddingSize)))
        {
            PackedLayout layout = new(format, 1, columns);
            bool isUp = rows == configuration.InnerSize && columns == configuration.EmbeddingSize;
            int mostRows = isUp && IsTall(configuration, format) ? TallStageRows : MostStageRows;
            int row = StageBytes(layout, 1), most = Math.Clamp(Math.Min(MostStageBytes, RingBytes / FewestSlots) / row, 1, mostRows);
            most = most < 8 ? most : most / 8 * 8;
            stages += (RowsOf(rows, Blocks) + most - 1) / most;
            slot = Math.Max(slot, (StageBytes(layout, most) + 127) / 128 * 128);
        }

        return FewestSlots * slot > RingBytes
            ? $"it needs {FewestSlots * slot} bytes of shared memory for weights, more than the {RingBytes} that {device.Name} has left"
            : stages > MostStages
            ? $"a block of {device.Name} would read it in {stages} parts, more than {MostStages}"
            : null;
    }

    // Every block has a pair of rows of each matrix, every warp one of the head.
    private static int BlocksFor(ModelConfiguration configuration, CudaDevice device) => Math.Min(
        Math.Min(device.MultiprocessorCount, Threads),
        Math.Min(Math.Min(configuration.EmbeddingSize, configuration.InnerSize) / 2, (configuration.VocabularySize + 1) / 2 / Warps));

    // slice_bytes(…) of persistent_operand.cuh.
    private static int SliceBytes(int columns) =>
        (((columns + PackedLayout.BlockColumns - 1) / PackedLayout.BlockColumns + Warps - 1) / Warps + 3) / 4 * 4 * PackedLayout.BlockColumns * sizeof(ushort);

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

    // Of any product but the head.
    private static int MostRows(ModelConfiguration configuration, int blocks) => Products(configuration).Max(shape => RowsOf(shape.Rows, blocks));

    // Rows that a block has at most: they come in pairs.
    private static int RowsOf(int rows, int blocks) => 2 * ((((rows + 1) / 2) + blocks - 1) / blocks);
}
