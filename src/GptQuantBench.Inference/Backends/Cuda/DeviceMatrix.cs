using System.Numerics;
using GptQuantBench.Cuda;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>A packed matrix in device memory; <see cref="PackedLayout"/> draws it.</summary>
internal sealed class DeviceMatrix : IDisposable
{
    private readonly CudaDeviceVariable<byte> _codes;
    private readonly CudaDeviceVariable<byte>? _scales;
    private readonly CudaDeviceVariable<byte>? _minima;

    /// <summary>Allocates; the content is undefined until it is packed.</summary>
    /// <exception cref="CudaOutOfMemoryException">It does not fit.</exception>
    public DeviceMatrix(IDeviceAllocator allocator, PackedLayout layout)
    {
        Layout = layout;
        try
        {
            _codes = new(allocator, layout.CodeBytes);
            _scales = layout.ScaleBytes == 0 ? null : new(allocator, Padded(layout.ScaleBytes));
            _minima = layout.MinimumBytes == 0 ? null : new(allocator, Padded(layout.MinimumBytes));
        }
        catch (CudaException)
        {
            Dispose();
            throw;
        }

        View = new()
        {
            Codes = _codes.DevicePointer,
            Scales = _scales?.DevicePointer ?? CudaDevicePointer.Null,
            Minima = _minima?.DevicePointer ?? CudaDevicePointer.Null,
            Rows = layout.Rows,
            Columns = layout.Columns,
            Pitch = layout.CodeRowBytes,
            Groups = layout.GroupsPerRow,
            GroupShift = layout.IsGrouped ? BitOperations.Log2((uint)layout.Format.GroupSize) : 0,
        };
    }

    /// <summary>Format, shape and where the parts lie.</summary>
    public PackedLayout Layout { get; }

    /// <summary>What kernels get.</summary>
    public MatrixView View { get; }

    /// <summary>Takes what the host has packed in the same layout, byte for byte.</summary>
    public void CopyFrom(PackedMatrix packed)
    {
        _codes.CopyToDevice(packed.Codes);
        _scales?.CopyToDevice(packed.Scales);
        _minima?.CopyToDevice(packed.Minima);
    }

    /// <summary>Codes, scales and minima, copied to the host; for tests.</summary>
    public (byte[] Codes, byte[] Scales, byte[] Minima) Download() =>
        (_codes.ToArray(), _scales?.ToArray()[..(int)Layout.ScaleBytes] ?? [], _minima?.ToArray()[..(int)Layout.MinimumBytes] ?? []);

    /// <inheritdoc />
    public void Dispose()
    {
        _codes?.Dispose();
        _scales?.Dispose();
        _minima?.Dispose();
    }

    // The persistent kernel copies scales 16 bytes at a time.
    private static long Padded(long bytes) => (bytes + 15) / 16 * 16;
}
