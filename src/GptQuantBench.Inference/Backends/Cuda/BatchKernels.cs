using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Launches what stands between matrix products where rows belong to several sequences (batch.cu).</summary>
internal sealed class BatchKernels
{
    private const int BlockSize = 256;

    private readonly CudaKernel _split;
    private readonly CudaKernel _gather;
    private readonly CudaKernel _best;
    private readonly bool _dependentLaunch;

    public BatchKernels(CudaModule module)
    {
        _dependentLaunch = PtxStore.HasDependentLaunch(module);
        _split = module.GetKernel("split_heads_rows");
        _gather = module.GetKernel("gather_rows");
        _best = module.GetKernel("best_logit_rows");
        _split.RequireArguments<SplitArguments>();
        _gather.RequireArguments<GatherArguments>();
        _best.RequireArguments<BestArguments>();
    }

    /// <summary>product FP32 [rows, 3 · heads · headSize] + bias → scaled queries FP32, keys and values FP16 in the rows' caches.</summary>
    public void SplitHeads(CudaStream stream, int rows, in SplitArguments arguments) => _split.Launch(stream, Shape(new Dim3(rows, 1, 1)), arguments);

    /// <summary>output[i] = x[indices[i]], FP32 [count, columns]; indices int32 [count].</summary>
    public void Gather(CudaStream stream, int count, CudaDevicePointer x, CudaDevicePointer indices, CudaDevicePointer output, int columns) =>
        _gather.Launch(stream, Shape(new Dim3(count, 1, 1)), new GatherArguments(x, indices, output, columns));

    /// <summary>The best id of every row of FP32 [rows, vocabulary] logits into its state.</summary>
    public void BestLogits(CudaStream stream, int rows, CudaDevicePointer logits, int vocabulary, CudaDevicePointer states) =>
        _best.Launch(stream, Shape(new Dim3((vocabulary + BlockSize - 1) / BlockSize, rows, 1)), new BestArguments(logits, vocabulary, states));

    private LaunchShape Shape(Dim3 grid) => new(grid, BlockSize) { ProgrammaticStreamSerialization = _dependentLaunch };

    /// <summary>Parameters of <c>split_heads_rows</c>.</summary>
    internal readonly record struct SplitArguments(
        CudaDevicePointer Product,
        CudaDevicePointer Bias,
        CudaDevicePointer Queries,
        CudaDevicePointer Keys,
        CudaDevicePointer Values,
        CudaDevicePointer Rows,
        ulong SequencePitch,
        int Heads,
        int HeadSize,
        int HeadPitch,
        int Capacity,
        float QueryScale);

    private readonly record struct GatherArguments(CudaDevicePointer X, CudaDevicePointer Indices, CudaDevicePointer Output, int Columns);

    private readonly record struct BestArguments(CudaDevicePointer Logits, int Vocabulary, CudaDevicePointer States);
}
