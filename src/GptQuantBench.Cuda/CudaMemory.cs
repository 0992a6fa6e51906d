using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>
/// Copies and fills by address, unchecked; <see cref="CudaDeviceVariable{T}"/> checks ranges. The context must be current.
/// The asynchronous copies return before the copy is done only where the host memory is page-locked, and it must stay valid until then.
/// </summary>
public static unsafe class CudaMemory
{
    /// <summary>Host to device; returns when the data is there, whatever stream reads it.</summary>
    public static void CopyToDevice<T>(CudaDevicePointer destination, ReadOnlySpan<T> source)
        where T : unmanaged
    {
        if (!source.IsEmpty)
        {
            fixed (T* pointer = source)
            {
                CopyToDevice(destination, pointer, (long)source.Length * sizeof(T));
            }
        }
    }

    /// <summary>Host to device; returns when the data is there, whatever stream reads it.</summary>
    public static void CopyToDevice(CudaDevicePointer destination, void* source, long byteCount)
    {
        DriverError.Check(CopyNative.cuMemcpyHtoD_v2(destination.Address, source, checked((nuint)byteCount)));

        // From pageable memory the call returns once the driver has taken the data, and streams that do not wait for the legacy default
        // stream would overtake the transfer itself.
        const nint LegacyDefaultStream = 0;
        DriverError.Check(StreamNative.cuStreamSynchronize(LegacyDefaultStream));
    }

    /// <summary>Device to host; returns when the data is there.</summary>
    public static void CopyToHost<T>(Span<T> destination, CudaDevicePointer source)
        where T : unmanaged
    {
        if (!destination.IsEmpty)
        {
            fixed (T* pointer = destination)
            {
                CopyToHost(pointer, source, (long)destination.Length * sizeof(T));
            }
        }
    }

    /// <summary>Device to host; returns when the data is there.</summary>
    public static void CopyToHost(void* destination, CudaDevicePointer source, long byteCount) =>
        DriverError.Check(CopyNative.cuMemcpyDtoH_v2(destination, source.Address, checked((nuint)byteCount)));

    /// <summary>Device to device, in the order of the legacy default stream; may return before it is done.</summary>
    public static void CopyOnDevice(CudaDevicePointer destination, CudaDevicePointer source, long byteCount) =>
        DriverError.Check(CopyNative.cuMemcpyDtoD_v2(destination.Address, source.Address, checked((nuint)byteCount)));

    /// <summary>Host to device in a stream.</summary>
    public static void CopyToDeviceAsync(CudaDevicePointer destination, void* source, long byteCount, CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        DriverError.Check(CopyNative.cuMemcpyHtoDAsync_v2(destination.Address, source, checked((nuint)byteCount), stream.Handle));
    }

    /// <summary>Device to host in a stream.</summary>
    public static void CopyToHostAsync(void* destination, CudaDevicePointer source, long byteCount, CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        DriverError.Check(CopyNative.cuMemcpyDtoHAsync_v2(destination, source.Address, checked((nuint)byteCount), stream.Handle));
    }

    /// <summary>Device to device in a stream.</summary>
    public static void CopyOnDeviceAsync(CudaDevicePointer destination, CudaDevicePointer source, long byteCount, CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        DriverError.Check(
            CopyNative.cuMemcpyDtoDAsync_v2(destination.Address, source.Address, checked((nuint)byteCount), stream.Handle));
    }

    /// <summary>Fills with a byte, in the order of the legacy default stream; may return before it is done.</summary>
    public static void Fill8(CudaDevicePointer destination, byte value, long count) =>
        DriverError.Check(CopyNative.cuMemsetD8_v2(destination.Address, value, checked((nuint)count)));

    /// <summary>Fills with a 32-bit word, in the order of the legacy default stream; may return before it is done.</summary>
    public static void Fill32(CudaDevicePointer destination, uint value, long count) =>
        DriverError.Check(CopyNative.cuMemsetD32_v2(destination.Address, value, checked((nuint)count)));

    /// <summary>Fills with a byte in a stream.</summary>
    public static void Fill8Async(CudaDevicePointer destination, byte value, long count, CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        DriverError.Check(CopyNative.cuMemsetD8Async(destination.Address, value, checked((nuint)count), stream.Handle));
    }

    /// <summary>Fills with a 32-bit word in a stream.</summary>
    public static void Fill32Async(CudaDevicePointer destination, uint value, long count, CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        DriverError.Check(CopyNative.cuMemsetD32Async(destination.Address, value, checked((nuint)count), stream.Handle));
    }
}
