using GptQuantBench.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>
/// From memory-mapped tensors to packed weights on the device:
/// <code>
/// mapped file ──memcpy──▶ two page-locked pieces ──DMA──▶ tensor as stored ──widen──▶ FP32 [out, in] ──pack──▶ codes, scales
/// </code>
/// Tensors stored [in, out] are transposed as a whole; those stored [out, in] go through in pieces of whole rows. Nothing waits for the
/// device but the reuse of a piece.
/// </summary>
internal sealed unsafe class WeightUploader : IDisposable
{
    private const long PieceBytes = 8L << 20;
    private const int PieceCount = 2;

    private readonly PackKernels _kernels;
    private readonly CudaStream _stream;
    private readonly OpenedModel _model;
    private readonly IReadOnlyList<WeightSpec> _specs;
    private readonly CudaPageLockedHostMemory<byte>?[] _pieces = new CudaPageLockedHostMemory<byte>?[PieceCount];
    private readonly CudaEvent?[] _copied = new CudaEvent?[PieceCount];
    private readonly CudaDeviceVariable<byte>? _stored;
    private readonly CudaDeviceVariable<float>? _values;
    private readonly CudaDeviceVariable<uint>? _faults;
    private int _tensor;
    private int _piece;

    /// <summary>Gets staging and scratch memory for the largest tensor.</summary>
    public WeightUploader(CudaMemoryPools pools, PackKernels kernels, CudaStream stream, OpenedModel model, IReadOnlyList<WeightSpec> specs)
    {
        _kernels = kernels;
        _stream = stream;
        _model = model;
        _specs = specs;
        try
        {
            // A tensor stored [out, in] needs room for a row at least, one stored [in, out] for all of it.
            long values = PieceBytes / sizeof(float);
            foreach (WeightSpec spec in specs)
            {
                values = Math.Max(values, spec.IsInputMajor ? spec.Count : spec.InputCount);
            }

            for (int i = 0; i < PieceCount; i++)
            {
                _pieces[i] = new(pools.Context, PieceBytes);
                _copied[i] = new(pools.Context, timing: false);
            }

            _stored = new(pools.Workspace, values * sizeof(float));
            _values = new(pools.Workspace, values);
            _faults = new(pools.Workspace, specs.Count);
            _faults.FillAsync(0, stream);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Queues a norm or bias.</summary>
    public void Upload(WeightSpec spec, CudaDeviceVariable<float> vector)
    {
        CheckpointTensor tensor = _model.Weight(spec);
        Copy(tensor, 0, tensor.ByteLength);
        _kernels.Widen(_stream, _stored!.DevicePointer, tensor.Type, vector.DevicePointer, NextFault(), spec.Count);
    }

    /// <summary>Queues a matrix or embedding.</summary>
    public void Upload(WeightSpec spec, DeviceMatrix matrix)
    {
        CheckpointTensor tensor = _model.Weight(spec);
        CudaDevicePointer fault = NextFault();
        int rows = spec.OutputCount;
        int columns = spec.InputCount;
        if (spec.IsInputMajor)
        {
            Copy(tensor, 0, tensor.ByteLength);
            _kernels.WidenTransposed(_stream, _stored!.DevicePointer, tensor.Type, _values!.DevicePointer, fault, columns, rows);
            _kernels.Pack(_stream, _values.DevicePointer, matrix, fault, 0, rows);
            return;
        }

        int size = tensor.Type == TensorType.Float32 ? sizeof(float) : sizeof(ushort);
        int rowsPerPart = (int)Math.Min(rows, _values!.Length / columns);
        for (int first = 0; first < rows; first += rowsPerPart)
        {
            int count = Math.Min(rowsPerPart, rows - first);
            Copy(tensor, (long)first * columns * size, (long)count * columns * size);
            _kernels.Widen(_stream, _stored!.DevicePointer, tensor.Type, _values.DevicePointer, fault, (long)count * columns);
            _kernels.Pack(_stream, _values.DevicePointer, matrix, fault, first, count);
        }
    }

    /// <summary>Copies a matrix that the host has packed; its values were checked there.</summary>
    public void Upload(PackedMatrix packed, DeviceMatrix matrix)
    {
        matrix.CopyFrom(packed);
        _tensor++;
    }

    /// <summary>Waits for the device and reports the first tensor with wrong values.</summary>
    /// <exception cref="ModelFormatException">A weight is NaN, infinite, or too large for the format.</exception>
    public void Finish()
    {
        _stream.Synchronize();
        uint[] faults = _faults!.ToArray();
        for (int i = 0; i < faults.Length; i++)
        {
            if (faults[i] == 0)
            {
                continue;
            }

            CheckpointTensor tensor = _model.Weight(_specs[i]);
            string source = $"Tensor '{tensor.Name}' of {tensor.File}";
            throw new ModelFormatException((faults[i] & PackKernels.NotFinite) != 0
                ? $"{source} holds NaN or infinity, where finite weights are expected; use an undamaged file."
                : $"{source} holds values beyond FP16's largest value of 65504; choose 8-bit for this model.");
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _stored?.Dispose();
        _values?.Dispose();
        _faults?.Dispose();
        for (int i = 0; i < PieceCount; i++)
        {
            _copied[i]?.Dispose();
            _pieces[i]?.Dispose();
        }
    }

    private CudaDevicePointer NextFault() => _faults!.PointerAt(_tensor++);

    /// <summary>Queues bytes of a tensor to the start of the device's copy.</summary>
    private void Copy(CheckpointTensor tensor, long start, long length)
    {
        for (long done = 0; done < length; done += PieceBytes)
        {
            long count = Math.Min(PieceBytes, length - done);
            CudaPageLockedHostMemory<byte> piece = _pieces[_piece]!;
            CudaEvent copied = _copied[_piece]!;
            copied.Synchronize();
            Buffer.MemoryCopy(tensor.Data + start + done, piece.Pointer, PieceBytes, count);
            CudaMemory.CopyToDeviceAsync(_stored!.PointerAt(done), piece.Pointer, count, _stream);
            copied.Record(_stream);
            _piece = (_piece + 1) % PieceCount;
        }
    }
}
