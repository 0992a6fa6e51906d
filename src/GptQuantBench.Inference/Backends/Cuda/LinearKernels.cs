using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// Launches the fused matrix products of linear.cuh: 1 to <see cref="MaxTokens"/> tokens, weights [rows, columns] in the model's format.
/// </summary>
internal sealed class LinearKernels
{
    /// <summary>Tokens of one pass at most.</summary>
    public const int MaxTokens = 16;

    private const int RowsPerTile = 8;
    private const int ChunkBytes = 64;
    private const int WarpsPerBlock = 8;
    private const int BlocksPerMultiprocessor = 3;

    // Blocks may ask for this much without opting in.
    private const int DefaultSharedBytes = 48 * 1024;

    // Activations that are copied into shared memory at most.
    private const int MostCopiedBytes = 40 * 1024;

    private readonly int _bits;
    private readonly int _multiprocessors;
    private readonly int _sharedBytes;
    private readonly bool _dependentLaunch;

    public LinearKernels(CudaModule module, int bits, CudaDevice device)
    {
        _bits = bits;
        _multiprocessors = device.MultiprocessorCount;
        _dependentLaunch = PtxStore.HasDependentLaunch(module);
        NormHeads = module.GetKernel("linear_norm_heads");
        CombineResidual = module.GetKernel("linear_combine_residual");
        NormGelu = module.GetKernel("linear_norm_gelu");
        Residual = module.GetKernel("linear_residual");
        NormLogits = module.GetKernel("linear_norm_logits");
        Product = module.GetKernel("linear_product");

        // Static and dynamic shared memory share the limit.
        _sharedBytes = device.MaxSharedMemoryPerBlockOptin - NormHeads.StaticSharedBytes;
        foreach (CudaKernel kernel in (ReadOnlySpan<CudaKernel>)[NormHeads, CombineResidual, NormGelu, NormLogits])
        {
            kernel.RequireArguments<Parameter<LinearArguments>>();
            if (_sharedBytes > DefaultSharedBytes)
            {
                kernel.MaxDynamicSharedBytes = _sharedBytes;
            }
        }
    }

    /// <summary>Layer norm → queries, keys, values.</summary>
    public CudaKernel NormHeads { get; }

    /// <summary>Attention's ranges → projection, added to the residual stream.</summary>
    public CudaKernel CombineResidual { get; }

    /// <summary>Layer norm → product → GELU, FP16.</summary>
    public CudaKernel NormGelu { get; }

    /// <summary>FP16 activations → product, added to the residual stream.</summary>
    public CudaKernel Residual { get; }

    /// <summary>Layer norm → logits, and the last token's best id.</summary>
    public CudaKernel NormLogits { get; }

    /// <summary>FP16 activations → product in FP32.</summary>
    public CudaKernel Product { get; }

    /// <summary>Halves from one token's activations to the next, for products with <paramref name="columns"/> inputs.</summary>
    public int ActivationPitch(int columns)
    {
        int chunkColumns = ChunkBytes * 8 / _bits;
        int chunks = (columns + chunkColumns - 1) / chunkColumns;

        // Whole chunks, and an offset that spreads the rows of a shared-memory tile over its banks.
        return (chunks * chunkColumns) + (_bits == 16 ? 32 : 8);
    }

    /// <summary>Tokens whose activations fit into a block's shared memory, 0 to <see cref="MaxTokens"/>.</summary>
    public int TokensPerPass(int columns) => Math.Min(MaxTokens, _sharedBytes / (ActivationPitch(columns) * sizeof(ushort)));

    /// <summary>Queues one product; Slices, InputPitch and the launch shape follow from the matrix.</summary>
    /// <param name="kernel">One of this object's.</param>
    /// <param name="stream">Where.</param>
    /// <param name="arguments">Matrix, tokens and what the kernel reads.</param>
    public void Launch(CudaKernel kernel, CudaStream stream, ref LinearArguments arguments)
    {
        int tileCount = (arguments.Matrix.Rows + RowsPerTile - 1) / RowsPerTile;
        int chunks = (arguments.Matrix.Pitch + ChunkBytes - 1) / ChunkBytes;
        int slices = Math.Min(WarpsPerBlock, chunks);
        int tiles = 1;

        // As many warps a tile as the device has room for: few blocks leave multiprocessors idle, many repeat the norm too often.
        while (slices > 1 && (tileCount + tiles - 1) / tiles > BlocksPerMultiprocessor * _multiprocessors)
        {
            slices = (slices + 1) / 2;
            tiles = WarpsPerBlock / slices;
        }

        arguments.Slices = slices;
        arguments.InputPitch = ActivationPitch(arguments.Matrix.Columns);

        // Halves that are too many for shared memory, or would leave room for few blocks, are read where they are.
        int shared = arguments.Tokens * arguments.InputPitch * sizeof(ushort);
        bool comesAsHalves = ReferenceEquals(kernel, Residual) || ReferenceEquals(kernel, Product);
        arguments.SharedInput = comesAsHalves && shared > MostCopiedBytes ? 0 : 1;
        shared = arguments.SharedInput == 0 ? 0 : shared;
        LaunchShape shape = new((tileCount + tiles - 1) / tiles, 32 * slices * tiles, shared) { ProgrammaticStreamSerialization = _dependentLaunch };
        kernel.Launch(stream, shape, new Parameter<LinearArguments>(arguments));
    }
}
