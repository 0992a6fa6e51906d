using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Launches the operations between matrix products (rows.cu), for any number of tokens.</summary>
internal sealed class RowKernels
{
    private const int BlockSize = 256;
    private const int WarpSize = 32;

    private readonly CudaKernel _norm;
    private readonly CudaKernel _split;
    private readonly CudaKernel _residual;
    private readonly CudaKernel _gelu;
    private readonly CudaKernel _best;
    private readonly CudaKernel _state;
    private readonly bool _dependentLaunch;

    public RowKernels(CudaModule module)
    {
        _dependentLaunch = PtxStore.HasDependentLaunch(module);
        _norm = module.GetKernel("norm_rows");
        _split = module.GetKernel("split_heads");
        _residual = module.GetKernel("add_residual");
        _gelu = module.GetKernel("gelu_rows");
        _best = module.GetKernel("best_logit");
        _state = module.GetKernel("set_state");
        _norm.RequireArguments<NormArguments>();
        _split.RequireArguments<SplitArguments>();
        _residual.RequireArguments<ResidualArguments>();
        _gelu.RequireArguments<GeluArguments>();
        _best.RequireArguments<BestArguments>();
        _state.RequireArguments<StateArguments>();
    }

    /// <summary>output = layer norm of x, FP32 [tokens, columns] → FP16 [tokens, outputPitch], zero beyond the columns.</summary>
    public void Norm(
        CudaStream stream, int tokens, CudaDevicePointer x, CudaDevicePointer gain, CudaDevicePointer shift, CudaDevicePointer output, int columns, int outputPitch, float epsilon) =>
        _norm.Launch(stream, Shape(tokens), new NormArguments(x, gain, shift, output, columns, outputPitch, epsilon));

    /// <summary>product FP32 [tokens, 3 · heads · headSize] + bias → scaled queries FP32, keys and values FP16 in the cache.</summary>
    public void SplitHeads(CudaStream stream, int tokens, in SplitArguments arguments) => _split.Launch(stream, Shape(tokens), arguments);

    /// <summary>x += product + bias, FP32 [tokens, columns].</summary>
    public void AddResidual(CudaStream stream, int tokens, CudaDevicePointer product, CudaDevicePointer bias, CudaDevicePointer x, int columns) =>
        _residual.Launch(stream, Shape(tokens), new ResidualArguments(product, bias, x, columns));

    /// <summary>output = gelu(product + bias), FP32 [tokens, columns] → FP16 [tokens, outputPitch], zero beyond the columns.</summary>
    public void Gelu(CudaStream stream, int tokens, CudaDevicePointer product, CudaDevicePointer bias, CudaDevicePointer output, int columns, int outputPitch) =>
        _gelu.Launch(stream, Shape(tokens), new GeluArguments(product, bias, output, columns, outputPitch));

    /// <summary>The best id of FP32 [count] logits into the state.</summary>
    public void BestLogit(CudaStream stream, CudaDevicePointer logits, int count, CudaDevicePointer state) =>
        _best.Launch(stream, Shape((count + BlockSize - 1) / BlockSize), new BestArguments(logits, count, state));

    /// <summary>Where the next pass stands.</summary>
    public void SetState(CudaStream stream, CudaDevicePointer state, int position, int step) =>
        _state.Launch(stream, new LaunchShape(1, WarpSize) { ProgrammaticStreamSerialization = _dependentLaunch }, new StateArguments(state, position, step));

    private LaunchShape Shape(int blocks) => new(blocks, BlockSize) { ProgrammaticStreamSerialization = _dependentLaunch };

    /// <summary>Parameters of <c>split_heads</c>.</summary>
    internal readonly record struct SplitArguments(
        CudaDevicePointer Product,
        CudaDevicePointer Bias,
        CudaDevicePointer Queries,
        CudaDevicePointer Keys,
        CudaDevicePointer Values,
        CudaDevicePointer State,
        int Heads,
        int HeadSize,
        int HeadPitch,
        int Capacity,
        float QueryScale);

    private readonly record struct NormArguments(
        CudaDevicePointer X, CudaDevicePointer Gain, CudaDevicePointer Shift, CudaDevicePointer Output, int Columns, int OutputPitch, float Epsilon);

    private readonly record struct ResidualArguments(CudaDevicePointer Product, CudaDevicePointer Bias, CudaDevicePointer X, int Columns);

    private readonly record struct GeluArguments(
        CudaDevicePointer Product, CudaDevicePointer Bias, CudaDevicePointer Output, int Columns, int OutputPitch);

    private readonly record struct BestArguments(CudaDevicePointer Logits, int Count, CudaDevicePointer State);

    private readonly record struct StateArguments(CudaDevicePointer State, int Position, int Step);
}
