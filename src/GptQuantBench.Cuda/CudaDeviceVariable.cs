using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>An array in device memory; freed by Dispose. Offsets and counts are in elements.</summary>
/// <typeparam name="T">Element type.</typeparam>
public sealed unsafe class CudaDeviceVariable<T> : IDisposable
    where T : unmanaged
{
    private readonly ContextObjectHandle _handle;

    /// <summary>Allocates from the driver; the content is undefined.</summary>
    /// <param name="context">The context.</param>
    /// <param name="length">Elements, at least 1.</param>
    /// <exception cref="CudaOutOfMemoryException">It does not fit.</exception>
    public CudaDeviceVariable(CudaContext context, long length)
        : this(new CudaDeviceAllocator(context), length)
    {
    }

    /// <summary>Allocates from an allocator; the content is undefined.</summary>
    /// <param name="allocator">Where the memory comes from, and goes back to.</param>
    /// <param name="length">Elements, at least 1.</param>
    /// <exception cref="CudaOutOfMemoryException">It does not fit.</exception>
    public CudaDeviceVariable(IDeviceAllocator allocator, long length)
    {
        ArgumentNullException.ThrowIfNull(allocator);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        Length = length;
        long byteCount = checked(length * sizeof(T));
        using CudaContextScope scope = allocator.Context.Use();
        CudaDevicePointer pointer = allocator.Allocate(byteCount);
        _handle = new ContextObjectHandle(
            (nint)pointer.Address,
            allocator.Context.Handle,
            typeof(CudaDeviceVariable<T>),
            address => allocator.Free(new CudaDevicePointer((ulong)address), byteCount) ? CudaResult.Success : CudaResult.Unknown);
    }

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>Size in bytes.</summary>
    public long SizeInBytes => Length * sizeof(T);

    /// <summary>The first element's address.</summary>
    /// <exception cref="ObjectDisposedException">The memory was freed.</exception>
    public CudaDevicePointer DevicePointer => new((ulong)_handle.Value);

    /// <summary>An element's address.</summary>
    /// <param name="offset">From 0 to <see cref="Length"/>; the address after the last element may be taken but not used.</param>
    public CudaDevicePointer PointerAt(long offset) => Range(offset, 0);

    /// <summary>Host to device; returns when the data is there, whatever stream reads it.</summary>
    public void CopyToDevice(ReadOnlySpan<T> source, long offset = 0) =>
        CudaMemory.CopyToDevice(Range(offset, source.Length), source);

    /// <summary>Device to host; returns when the data is there.</summary>
    public void CopyToHost(Span<T> destination, long offset = 0) =>
        CudaMemory.CopyToHost(destination, Range(offset, destination.Length));

    /// <summary>All elements, on the host.</summary>
    public T[] ToArray()
    {
        T[] result = new T[Length];
        CopyToHost(result);
        return result;
    }

    /// <summary>Page-locked host memory to device in a stream: its first <paramref name="count"/> elements.</summary>
    public void CopyToDeviceAsync(CudaPageLockedHostMemory<T> source, long count, CudaStream stream, long offset = 0)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, source.Length);
        CudaMemory.CopyToDeviceAsync(Range(offset, count), source.Pointer, count * sizeof(T), stream);
    }

    /// <summary>Device to page-locked host memory in a stream: its first <paramref name="count"/> elements.</summary>
    public void CopyToHostAsync(CudaPageLockedHostMemory<T> destination, long count, CudaStream stream, long offset = 0)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, destination.Length);
        CudaMemory.CopyToHostAsync(destination.Pointer, Range(offset, count), count * sizeof(T), stream);
    }

    /// <summary>Fills every byte in a stream.</summary>
    public void FillAsync(byte value, CudaStream stream) => CudaMemory.Fill8Async(DevicePointer, value, SizeInBytes, stream);

    /// <summary>Frees the memory, once the device has done the work queued before.</summary>
    public void Dispose() => _handle.Dispose();

    private CudaDevicePointer Range(long offset, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length - offset);
        return DevicePointer + (offset * sizeof(T));
    }
}
