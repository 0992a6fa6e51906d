using System.Globalization;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>Page-locked host memory: asynchronous copies need it, and the device can be given its address.</summary>
/// <typeparam name="T">Element type.</typeparam>
public sealed unsafe class CudaPageLockedHostMemory<T> : IDisposable
    where T : unmanaged
{
    private const uint Portable = 1;
    private const uint DeviceMap = 2;
    private const uint WriteCombined = 4;

    private readonly ContextObjectHandle _handle;
    private readonly CudaDevicePointer _devicePointer;

    /// <summary>Allocates; the content is undefined.</summary>
    /// <param name="context">The context.</param>
    /// <param name="length">Elements, at least 1.</param>
    /// <param name="mapped">Whether kernels may use it by <see cref="DevicePointer"/>.</param>
    /// <param name="writeCombined">Faster for the device to read, very slow for the host to read.</param>
    public CudaPageLockedHostMemory(CudaContext context, long length, bool mapped = false, bool writeCombined = false)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        Length = length;
        using CudaContextScope scope = context.Use();
        void* pointer;
        uint flags = Portable | (mapped ? DeviceMap : 0) | (writeCombined ? WriteCombined : 0);
        CudaResult result = MemoryNative.cuMemHostAlloc(&pointer, checked((nuint)(length * sizeof(T))), flags);
        if (result != CudaResult.Success)
        {
            const string Call = nameof(MemoryNative.cuMemHostAlloc);
            throw DriverError.Create(result, Call, string.Create(
                CultureInfo.InvariantCulture,
                $"{DriverError.Describe(result)} for {SizeInBytes:N0} bytes of page-locked host memory"));
        }

        _handle = new ContextObjectHandle(
            (nint)pointer,
            context.Handle,
            typeof(CudaPageLockedHostMemory<T>),
            static address => MemoryNative.cuMemFreeHost((void*)address));
        if (mapped)
        {
            ulong address;
            DriverError.Check(MemoryNative.cuMemHostGetDevicePointer_v2(&address, pointer, 0));
            _devicePointer = new CudaDevicePointer(address);
        }
    }

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>Size in bytes.</summary>
    public long SizeInBytes => Length * sizeof(T);

    /// <summary>The first element on the host.</summary>
    /// <exception cref="ObjectDisposedException">The memory was freed.</exception>
    public T* Pointer => (T*)_handle.Value;

    /// <summary>The elements.</summary>
    /// <exception cref="OverflowException">There are more than a span can hold; use <see cref="Pointer"/>.</exception>
    public Span<T> Span => new(Pointer, checked((int)Length));

    /// <summary>The address for kernels.</summary>
    /// <exception cref="InvalidOperationException">The memory was not allocated as mapped.</exception>
    public CudaDevicePointer DevicePointer => _devicePointer != CudaDevicePointer.Null
        ? _devicePointer
        : throw new InvalidOperationException("This page-locked memory has no device address, so allocate it with mapped: true.");

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _handle.Dispose();
}
