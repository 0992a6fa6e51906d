using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Launches the matrix products of tiled.cuh: 1 to <see cref="MaxTokens"/> tokens, weights [rows, columns] in the model's format.</summary>
internal sealed class TiledKernels
{
    private const int TileRows = 128;
    private const int StageRowBytes = 128;
    private const int BlockSize = 256;
    private const int SumPitch = TileRows + 4;
    private const int SmallestTokens = 8;
    private const int LargestTokens = 64;

    // Stages in the ring of a kernel: 4 where two blocks of them fit a multiprocessor, else 3 (tiled.cuh, Ring).
    private const int MostTokensOfLongRing = 16;

    // In stages: what a block costs besides its own, and what adding the sums of splits costs.
    private const int BlockCost = 1;
    private const int SplitCost = 3;
    private const int BlocksPerMultiprocessor = 2;

    private readonly CudaKernel[] _kernels;
    private readonly int[] _sharedBytes;
    private readonly int _multiprocessors;
    private readonly bool _dependentLaunch;

    public TiledKernels(CudaModule module, int bits, CudaDevice device)
    {
        _multiprocessors = device.MultiprocessorCount;
        _dependentLaunch = PtxStore.HasDependentLaunch(module);
        List<CudaKernel> kernels = [];
        List<int> sharedBytes = [];
        for (int tokens = SmallestTokens; tokens <= LargestTokens; tokens *= 2)
        {
            CudaKernel kernel = module.GetKernel($"tiled_product_{tokens}");
            kernel.RequireArguments<Parameter<TiledArguments>>();
            int shared = SharedBytes(tokens, bits);
            if (shared + kernel.StaticSharedBytes > device.MaxSharedMemoryPerBlockOptin)
            {
                break;
            }

            kernel.MaxDynamicSharedBytes = shared;
            kernels.Add(kernel);
            sharedBytes.Add(shared);
        }

        _kernels = [.. kernels];
        _sharedBytes = [.. sharedBytes];
        MaxTokens = SmallestTokens << (_kernels.Length - 1);
    }

    /// <summary>Tokens of one launch at most: 64, fewer where a block has little shared memory.</summary>
    public int MaxTokens { get; }

    /// <summary>The kernels, the one for the fewest tokens first.</summary>
    public IReadOnlyList<CudaKernel> Kernels => _kernels;

    /// <summary>Blocks of a launch that adds sums of splits, at most; each has <see cref="MaxTokens"/> · 128 floats of partial sums.</summary>
    public int MostSplitBlocks => BlocksPerMultiprocessor * _multiprocessors;

    /// <summary>Floats of the partial sums of one launch at most.</summary>
    public long PartialLength => (long)MostSplitBlocks * MaxTokens * TileRows;

    /// <summary>Queues one product; Splits follows from the matrix where it is 0.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="arguments">All but Splits; Partial and Arrived are there, of <see cref="PartialLength"/> and <see cref="MostSplitBlocks"/>.</param>
    public void Launch(CudaStream stream, ref TiledArguments arguments)
    {
        int kernel = 0;
        while (SmallestTokens << kernel < arguments.Tokens)
        {
            kernel++;
        }

        int tiles = (arguments.Matrix.Rows + TileRows - 1) / TileRows;
        arguments.Splits = Splits(tiles, (arguments.Matrix.Pitch + StageRowBytes - 1) / StageRowBytes);
        LaunchShape shape = new(new Dim3(tiles, arguments.Splits, 1), BlockSize, _sharedBytes[kernel]) { ProgrammaticStreamSerialization = _dependentLaunch };
        _kernels[kernel].Launch(stream, shape, new Parameter<TiledArguments>(arguments));
    }

    /// <summary>Bytes of the ring; the sums of both halves take its place in the end.</summary>
    private static int SharedBytes(int tokens, int bits)
    {
        int stages = tokens <= MostTokensOfLongRing ? 4 : 3;
        int columns = StageRowBytes * 8 / bits;
        int ring = stages * ((TileRows * StageRowBytes) + (tokens * columns * sizeof(ushort)));
        return Math.Max(ring, 2 * tokens * SumPitch * sizeof(float));
    }

    /// <summary>Parts that the columns are cut into, so that all multiprocessors have as much to do and few sums are added.</summary>
    private int Splits(int tiles, int stages)
    {
        (int best, int least) = (1, int.MaxValue);
        for (int splits = 1; splits <= stages && (splits == 1 || tiles * splits <= MostSplitBlocks); splits++)
        {
            int each = (stages + splits - 1) / splits;
            if ((stages + each - 1) / each != splits)
            {
                continue; // the last parts would be empty
            }

            int rounds = ((tiles * splits) + _multiprocessors - 1) / _multiprocessors;
            int cost = (rounds * (each + BlockCost)) + (splits > 1 ? SplitCost : 0);
            (best, least) = cost < least ? (splits, cost) : (best, least);
        }

        return best;
    }
}
