using GptQuantBench.Cuda;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Launches the matrix products of tiled_bulk.cuh: 1 to <see cref="MaxTokens"/> tokens, where they are faster than those of tiled.cuh.</summary>
internal sealed class BulkKernels
{
    private const int MaxTokens = 16;
    private const int SmallestTokens = 8;
    private const int Phases = 2; // warps that take turns with the stages of the same rows
    private const int BarrierBytes = 1024;
    private const int HalfBytes = 113 * 1024; // of a multiprocessor's shared memory
    private const int WholeBytes = 226 * 1024;

    // Longer rings were slower in 4-bit, and what is let in earlier takes bandwidth from what runs.
    private const int LongestRing = 8;
    private const int LongestRingOfTall = 7;
    private const int LongestRingOfBytes = 32; // barriers that there are
    private const int Early = 8;
    private const int EarlyOfBytes = 5;
    private const int AtOnce = int.MaxValue / 2;

    private readonly CudaKernel[] _half;
    private readonly CudaKernel[] _whole;
    private readonly QuantizationFormat _format;
    private readonly int _multiprocessors;

    private BulkKernels(CudaModule module, QuantizationFormat format, CudaDevice device)
    {
        _format = format;
        _multiprocessors = device.MultiprocessorCount;
        _half = [Find("bulk_product_8", HalfBytes), Find("bulk_product_16", HalfBytes)];
        _whole = [Find("bulk_product_8_tall", WholeBytes), Find("bulk_product_16_tall", WholeBytes)];

        CudaKernel Find(string name, int sharedBytes)
        {
            CudaKernel kernel = module.GetKernel(name);
            kernel.RequireArguments<Parameter<BulkArguments>>();
            kernel.MaxDynamicSharedBytes = sharedBytes;
            return kernel;
        }
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<CudaKernel> Kernels => [.. _half, .. _whole];

    /// <summary>The kernels of a module; null where it has none (FP16, sm_80) or the device cannot run them.</summary>
    public static BulkKernels? Of(CudaModule module, QuantizationFormat format, CudaDevice device) =>
        format.Bits < 16 && PtxStore.HasDependentLaunch(module) && CudaTensorMap.IsSupported && device.MaxSharedMemoryPerBlockOptin >= WholeBytes
            ? new(module, format, device)
            : null;

    /// <summary>Splits of a launch whose arrival is counted, at most.</summary>
    /// <param name="multiprocessors">Of the device.</param>
    public static int MostArrivals(int multiprocessors) => multiprocessors * BulkCut.MostWarps;

    /// <summary>Queues one product; false where tiled.cuh is to run.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="arguments">All but TileRows and Splits; Partial and Arrived are there.</param>
    public bool TryLaunch(CudaStream stream, in TiledArguments arguments)
    {
        if (arguments.Tokens > MaxTokens || BulkShape.Of(_format, arguments.Matrix) is not { } shape || BulkCut.Of(shape, _multiprocessors) is not { } cut)
        {
            return false;
        }

        Launch(stream, arguments, shape, cut);
        return true;
    }

    /// <summary>Queues one product, cut in a certain way.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="arguments">As <see cref="TryLaunch"/> takes them, of 1 to 16 tokens.</param>
    /// <param name="shape">The matrix's.</param>
    /// <param name="cut">How it is cut.</param>
    public void Launch(CudaStream stream, in TiledArguments arguments, BulkShape shape, BulkCut cut)
    {
        MatrixView matrix = arguments.Matrix;
        int size = arguments.Tokens <= SmallestTokens ? 0 : 1;
        (int ring, int scaleRing, int sharedBytes) = RingOf(shape, cut, SmallestTokens << size);
        BulkArguments all = new()
        {
            Codes = CudaTensorMap.OfMatrix(matrix.Codes, sizeof(byte), matrix.Pitch, matrix.Rows, matrix.Pitch, BulkShape.RowBytes, cut.TileRows, readsAhead: true),
            Scales = shape.ScaleRowBytes == 0 ? default : Boxes(matrix.Scales),
            Minima = _format.IsSymmetric ? default : Boxes(matrix.Minima),
            Product = arguments with { TileRows = cut.TileRows, Splits = cut.Splits },
            Ring = ring,
            ScaleRing = scaleRing,
            Each = cut.Each,
            Early = cut.IsTall ? AtOnce : shape.Bits == 8 ? EarlyOfBytes : Early,
        };
        LaunchShape launch = new(new Dim3(cut.Tiles, cut.Splits), 32 * ((Phases * cut.Warps) + 1), sharedBytes) { ProgrammaticStreamSerialization = true };
        (cut.IsTall ? _whole : _half)[size].Launch(stream, launch, new Parameter<BulkArguments>(all));

        CudaTensorMap Boxes(CudaDevicePointer address) => CudaTensorMap.OfMatrix(
            address, sizeof(ushort), matrix.Groups, matrix.Rows, matrix.Groups * sizeof(ushort), BulkShape.BoxGroups, cut.TileRows, readsAhead: false);
    }

    /// <summary>Stages and boxes of scales that a block has room for, and what they take with its barriers.</summary>
    /// <param name="shape">The matrix.</param>
    /// <param name="cut">How it is cut.</param>
    /// <param name="tokens">That the kernel has room for, 8 or 16.</param>
    internal static (int Ring, int ScaleRing, int SharedBytes) RingOf(BulkShape shape, BulkCut cut, int tokens)
    {
        int slot = (cut.TileRows * BulkShape.RowBytes) + (tokens * shape.StageColumns * sizeof(ushort));
        int box = cut.TileRows * shape.ScaleRowBytes;
        int most = shape.Bits == 8 ? LongestRingOfBytes : cut.IsTall ? LongestRingOfTall : LongestRing;
        int room = cut.IsTall ? WholeBytes : HalfBytes;
        int ring = Math.Min(Math.Min(most, (room - BarrierBytes) / slot), Math.Max(cut.Each, Phases));
        while (Bytes(ring) > room)
        {
            ring--;
        }

        // The sums of a block's second warps take the place of the ring.
        return (ring, ScaleRing(ring), Math.Max(Bytes(ring), BarrierBytes + (cut.TileRows * tokens * sizeof(float))));

        // A box's place is free once all stages that share it are: they lie less than the ring behind the stage that opens the next.
        int ScaleRing(int stages) => box == 0 ? 0 : ((stages - 1 + shape.StagesOfBox - 1) / shape.StagesOfBox) + 1;

        int Bytes(int stages) => BarrierBytes + (stages * slot) + (ScaleRing(stages) * box);
    }
}
