using GptQuantBench.Cuda;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Launches the matrix products of tiled.cuh, and of tiled_bulk.cuh where they are faster: 1 to <see cref="MaxTokens"/> tokens, weights [rows, columns] in the model's format.</summary>
internal sealed class TiledKernels
{
    private const int StageRowBytes = 128;
    private const int SmallestTokens = 8;
    private const int LargestTokens = 64;

    // Rows from which wide tiles, whose blocks share more of the activations, fill the device and pay off; and for which kernels.
    private const int ManyRows = 8192;
    private const int FewestTokensOfWide = 16;
    private const int MostTokensOfWide = 32;

    private readonly Variant?[] _narrow; // by doubling of the tokens
    private readonly Variant?[] _wide;
    private readonly QuantizationFormat _format;
    private readonly int _multiprocessors;
    private readonly bool _dependentLaunch;

    public TiledKernels(CudaModule module, QuantizationFormat format, CudaDevice device)
    {
        _format = format;
        _multiprocessors = device.MultiprocessorCount;
        _dependentLaunch = PtxStore.HasDependentLaunch(module);
        int sizes = 1;
        while (SmallestTokens << (sizes - 1) < LargestTokens)
        {
            sizes++;
        }

        _narrow = [.. Enumerable.Range(0, sizes).Select(size => Find(SmallestTokens << size, isWide: false))];
        _wide = [.. Enumerable.Range(0, sizes).Select(size => Find(SmallestTokens << size, isWide: true))];
        Bulk = BulkKernels.Of(module, format, device);
        MaxTokens = SmallestTokens << (_narrow.TakeWhile(variant => variant is not null).Count() - 1);

        Variant? Find(int tokens, bool isWide)
        {
            if (isWide && tokens is < FewestTokensOfWide or > MostTokensOfWide)
            {
                return null;
            }

            CudaKernel kernel = module.GetKernel($"tiled_product_{tokens}{(isWide ? "_wide" : "")}");
            kernel.RequireArguments<Parameter<TiledArguments>>();

            // The registers of 64 tokens fill a multiprocessor, as the threads of a wide block do (tiled.cuh, Budget).
            bool isAlone = isWide || tokens == LargestTokens;
            int rows = isWide ? 256 : 128;
            int shared = SharedBytes(tokens, rows, isAlone);
            if (shared + kernel.StaticSharedBytes > device.MaxSharedMemoryPerBlockOptin)
            {
                return null;
            }

            kernel.MaxDynamicSharedBytes = shared;
            return new(kernel, rows, shared, isAlone ? 1 : 2);
        }
    }

    /// <summary>Tokens of one launch at most: 64, fewer where a block has little shared memory.</summary>
    public int MaxTokens { get; }

    /// <summary>Those of tiled_bulk.cuh; null where the device cannot run them.</summary>
    public BulkKernels? Bulk { get; }

    /// <summary>All kernels that the device runs.</summary>
    public IReadOnlyList<CudaKernel> Kernels => [.. _narrow.Concat(_wide).OfType<Variant>().Select(variant => variant.Kernel), .. Bulk?.Kernels ?? []];

    /// <summary>Floats of the partial sums of one launch at most.</summary>
    public long PartialLength => (long)MostSplitTiles * MaxTokens * 128;

    /// <summary>Counters of splits that are done, of one launch at most.</summary>
    public int ArrivedLength => Math.Max(MostSplitTiles, BulkKernels.MostArrivals(_multiprocessors));

    // Tiles of a launch whose splits are added, at most.
    private int MostSplitTiles => 2 * _multiprocessors;

    /// <summary>Queues one product; TileRows and Splits follow from the matrix.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="arguments">
    /// All but TileRows and Splits; Partial and Arrived are there, of <see cref="PartialLength"/> and <see cref="ArrivedLength"/>.
    /// </param>
    public void Launch(CudaStream stream, ref TiledArguments arguments)
    {
        if (Bulk is not null && Bulk.TryLaunch(stream, arguments))
        {
            return;
        }

        int size = 0;
        while (SmallestTokens << size < arguments.Tokens)
        {
            size++;
        }

        Variant variant = (arguments.Matrix.Rows >= ManyRows ? _wide[size] : null) ?? _narrow[size]!;
        int stages = (arguments.Matrix.Pitch + StageRowBytes - 1) / StageRowBytes;
        TileCut cut = TileCut.Of(arguments.Matrix.Rows, stages, variant.Rows, variant.BlocksPerMultiprocessor * _multiprocessors);
        (arguments.TileRows, arguments.Splits) = (cut.TileRows, cut.Splits);
        LaunchShape shape = new(new Dim3(cut.Tiles, cut.Splits), 2 * variant.Rows, variant.SharedBytes) { ProgrammaticStreamSerialization = _dependentLaunch };
        variant.Kernel.Launch(stream, shape, new Parameter<TiledArguments>(arguments));
    }

    /// <summary>Bytes of the ring (tiled.cuh, Ring); the sums of both halves take its place in the end.</summary>
    private int SharedBytes(int tokens, int rows, bool isAlone)
    {
        int weights = 128 / _format.Bits; // in 16 bytes
        int scales = new PackedLayout(_format, 1, 1).IsGrouped ? rows * weights * (_format.IsSymmetric ? 1 : 2) : 0;
        int stage = (rows * StageRowBytes) + (tokens * 8 * weights * sizeof(ushort)) + scales;
        int budget = _dependentLaunch ? isAlone ? 224 : 112 : isAlone ? 98 : 80;
        int ring = Math.Clamp(budget * 1024 / stage, 2, 6);
        return Math.Max(ring * stage, 2 * tokens * (rows + 4) * sizeof(float));
    }

    /// <summary>A kernel with what its launches need.</summary>
    private sealed record Variant(CudaKernel Kernel, int Rows, int SharedBytes, int BlocksPerMultiprocessor);
}
