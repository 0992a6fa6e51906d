using GptQuantBench.Cuda;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// Products by cuBLAS: FP16 weights from the one copy that every path reads; packed ones unpacked to FP16, some rows at a time, into a
/// scratch matrix. FP32 sums.
/// </summary>
internal sealed class CuBlasProduct : IMatrixProduct, IDisposable
{
    // NVIDIA's advice: 32 MiB for Hopper, 4 MiB before.
    private const long HopperWorkspace = 32L << 20;
    private const long OlderWorkspace = 4L << 20;
    private const long ScratchHalves = 8L << 20;

    private readonly TableKernels _tables;
    private readonly CudaBlas _blas;
    private readonly CudaDeviceVariable<byte>? _workspace;
    private readonly CudaDeviceVariable<ushort>? _scratch;

    /// <summary>Starts cuBLAS.</summary>
    /// <param name="pools">For cuBLAS's workspace and the scratch matrix.</param>
    /// <param name="stream">Where all products are queued.</param>
    /// <param name="tables">To unpack.</param>
    /// <param name="format">The format of the weights.</param>
    /// <exception cref="CudaLibraryException">cuBLAS is not installed.</exception>
    /// <exception cref="CudaException">There is no memory for it.</exception>
    public CuBlasProduct(CudaMemoryPools pools, CudaStream stream, TableKernels tables, QuantizationFormat format)
    {
        _tables = tables;
        _blas = new(pools.Context);
        try
        {
            _workspace = new(pools.Workspace, pools.Context.Device.ComputeCapability.Major >= 9 ? HopperWorkspace : OlderWorkspace);
            _scratch = format.Bits == 16 ? null : new(pools.Workspace, ScratchHalves);
            _blas.SetStream(stream);
            _blas.SetWorkspace(_workspace.DevicePointer, _workspace.SizeInBytes);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public void Queue(CudaStream stream, DeviceMatrix matrix, CudaDevicePointer input, int inputPitch, CudaDevicePointer output, int tokens)
    {
        PackedLayout layout = matrix.Layout;
        if (_scratch is null)
        {
            Multiply(matrix.View.Codes, layout.PaddedColumns, 0, layout.Rows);
            return;
        }

        int pitch = layout.PaddedColumns;
        int rowsPerPart = (int)Math.Min(layout.Rows, _scratch.Length / pitch);
        for (int first = 0; first < layout.Rows; first += rowsPerPart)
        {
            int rows = Math.Min(rowsPerPart, layout.Rows - first);
            _tables.Unpack(stream, matrix.View, _scratch.DevicePointer, first, rows, pitch);
            Multiply(_scratch.DevicePointer, pitch, first, rows);
        }

        // Row-major Y[tokens, rows] = A·Wᵀ is the column-major Yᵀ = W·Aᵀ; W as stored is Wᵀ to cuBLAS, A as stored is Aᵀ.
        void Multiply(CudaDevicePointer weights, int weightPitch, int firstRow, int rows) => _blas.Gemm(
            CuBlasOperation.Transpose,
            CuBlasOperation.None,
            rows,
            tokens,
            layout.Columns,
            1f,
            new CudaMatrix(weights, CudaDataType.Float16, weightPitch),
            new CudaMatrix(input, CudaDataType.Float16, inputPitch),
            0f,
            new CudaMatrix(output + ((long)firstRow * sizeof(float)), CudaDataType.Float32, layout.Rows));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _blas.Dispose();
        _workspace?.Dispose();
        _scratch?.Dispose();
    }
}
