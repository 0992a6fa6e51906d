using GptQuantBench.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Launches the kernels that make packed weights of a checkpoint's values (quantize.cu).</summary>
internal sealed class PackKernels
{
    /// <summary>Bit of a fault word: a value is NaN or infinite.</summary>
    public const uint NotFinite = 1;

    /// <summary>Bit of a fault word: a value or scale is beyond FP16's largest.</summary>
    public const uint TooLarge = 2;

    private const int BlockSize = 256;
    private const int WarpSize = 32;
    private const int Tile = 32;
    private const int WidenBlocks = 1024;

    private readonly CudaKernel _widen;
    private readonly CudaKernel _transpose;
    private readonly CudaKernel _halves;
    private readonly CudaKernel _rowScaled;
    private readonly CudaKernel _grouped8;
    private readonly CudaKernel _grouped4;
    private readonly CudaKernel _grouped4Minimum;

    public PackKernels(CudaModule module)
    {
        _widen = module.GetKernel("widen");
        _transpose = module.GetKernel("widen_transposed");
        _halves = module.GetKernel("pack_fp16");
        _rowScaled = module.GetKernel("pack_int8");
        _grouped8 = module.GetKernel("pack_int8_grouped");
        _grouped4 = module.GetKernel("pack_int4");
        _grouped4Minimum = module.GetKernel("pack_int4_minimum");
        _widen.RequireArguments<WidenArguments>();
        _transpose.RequireArguments<TransposeArguments>();
        _halves.RequireArguments<HalfArguments>();
        _rowScaled.RequireArguments<RowScaledArguments>();
        _grouped4.RequireArguments<GroupedArguments>();
    }

    /// <summary>FP32 [count] of <paramref name="count"/> values in the checkpoint's type.</summary>
    public void Widen(CudaStream stream, CudaDevicePointer source, TensorType type, CudaDevicePointer output, CudaDevicePointer fault, long count)
    {
        int blocks = (int)Math.Min(WidenBlocks, (count + BlockSize - 1) / BlockSize);
        _widen.Launch(stream, new LaunchShape(blocks, BlockSize), new WidenArguments(source, output, fault, (ulong)count, Code(type)));
    }

    /// <summary>FP32 [outputs, inputs] of a tensor stored [inputs, outputs].</summary>
    public void WidenTransposed(
        CudaStream stream, CudaDevicePointer source, TensorType type, CudaDevicePointer output, CudaDevicePointer fault, int inputs, int outputs)
    {
        Dim3 grid = new((outputs + Tile - 1) / Tile, (inputs + Tile - 1) / Tile);
        _transpose.Launch(stream, new LaunchShape(grid, BlockSize), new TransposeArguments(source, output, fault, inputs, outputs, Code(type)));
    }

    /// <summary>FP16 [rows, pitch] of FP32 [rows, columns]; pitch in halves, zero beyond the columns.</summary>
    public void PackHalves(CudaStream stream, CudaDevicePointer values, CudaDevicePointer output, CudaDevicePointer fault, int rows, int columns, int pitch) =>
        _halves.Launch(stream, new LaunchShape(rows, BlockSize), new HalfArguments(values, output, fault, columns, pitch));

    /// <summary>Packs rows of a matrix.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="values">FP32 [rowCount, columns].</param>
    /// <param name="matrix">The matrix.</param>
    /// <param name="fault">Word for what is wrong with the values.</param>
    /// <param name="firstRow">First row.</param>
    /// <param name="rowCount">At least 1.</param>
    public void Pack(CudaStream stream, CudaDevicePointer values, DeviceMatrix matrix, CudaDevicePointer fault, int firstRow, int rowCount)
    {
        PackedLayout layout = matrix.Layout;
        MatrixView view = matrix.View;
        CudaDevicePointer codes = view.Codes + ((long)firstRow * view.Pitch);
        LaunchShape shape = new(rowCount, WarpSize);
        if (layout.Format.Bits == 16)
        {
            PackHalves(stream, values, codes, fault, rowCount, layout.Columns, layout.PaddedColumns);
        }
        else if (!layout.IsGrouped)
        {
            CudaDevicePointer scales = view.Scales + ((long)firstRow * sizeof(float));
            _rowScaled.Launch(stream, shape, new RowScaledArguments(values, codes, scales, layout.Columns, view.Pitch));
        }
        else
        {
            long groups = (long)firstRow * view.Groups * sizeof(ushort);
            CudaKernel kernel = layout.Format switch
            {
                { Bits: 8 } => _grouped8,
                { IsSymmetric: true } => _grouped4,
                _ => _grouped4Minimum,
            };
            kernel.Launch(
                stream,
                shape,
                new GroupedArguments(
                    values,
                    codes,
                    view.Scales + groups,
                    layout.Format.IsSymmetric ? CudaDevicePointer.Null : view.Minima + groups,
                    fault,
                    layout.Columns,
                    view.Pitch,
                    view.Groups,
                    view.GroupShift));
        }
    }

    private static int Code(TensorType type) => type switch
    {
        TensorType.Float32 => 0,
        TensorType.Float16 => 1,
        TensorType.BFloat16 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Weights are F32, F16 or BF16."),
    };

    private readonly record struct WidenArguments(CudaDevicePointer Source, CudaDevicePointer Output, CudaDevicePointer Fault, ulong Count, int Type);

    private readonly record struct TransposeArguments(
        CudaDevicePointer Source, CudaDevicePointer Output, CudaDevicePointer Fault, int Inputs, int Outputs, int Type);

    private readonly record struct HalfArguments(CudaDevicePointer Values, CudaDevicePointer Output, CudaDevicePointer Fault, int Columns, int Pitch);

    private readonly record struct RowScaledArguments(
        CudaDevicePointer Values, CudaDevicePointer Codes, CudaDevicePointer Scales, int Columns, int Pitch);

    private readonly record struct GroupedArguments(
        CudaDevicePointer Values,
        CudaDevicePointer Codes,
        CudaDevicePointer Scales,
        CudaDevicePointer Minima,
        CudaDevicePointer Fault,
        int Columns,
        int Pitch,
        int Groups,
        int GroupShift);
}
