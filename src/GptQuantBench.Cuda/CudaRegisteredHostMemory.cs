using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>Host memory of someone else (a mapped file, a native array), page-locked while this lives.</summary>
public sealed unsafe class CudaRegisteredHostMemory : IDisposable
{
    private const uint Portable = 1;
    private const uint DeviceMap = 2;
    private const uint ReadOnly = 8;

    private readonly ContextObjectHandle _handle;

    /// <summary>Page-locks a range; the range must stay valid until Dispose.</summary>
    /// <param name="context">The context.</param>
    /// <param name="pointer">First byte.</param>
    /// <param name="byteCount">At least 1.</param>
    /// <param name="readOnly">Whether the device only reads it; needed for memory that is mapped read-only.</param>
    /// <exception cref="CudaException">The system cannot page-lock this memory.</exception>
    public CudaRegisteredHostMemory(CudaContext context, void* pointer, long byteCount, bool readOnly = false)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(pointer);
        ArgumentOutOfRangeException.ThrowIfLessThan(byteCount, 1);
        SizeInBytes = byteCount;
        using CudaContextScope scope = context.Use();
        uint flags = Portable | DeviceMap | (readOnly ? ReadOnly : 0);
        DriverError.Check(MemoryNative.cuMemHostRegister_v2(pointer, (nuint)byteCount, flags));
        _handle = new ContextObjectHandle(
            (nint)pointer,
            context.Handle,
            typeof(CudaRegisteredHostMemory),
            static address => MemoryNative.cuMemHostUnregister((void*)address));
        ulong device;
        DriverError.Check(MemoryNative.cuMemHostGetDevicePointer_v2(&device, pointer, 0));
        DevicePointer = new CudaDevicePointer(device);
    }

    /// <summary>Size in bytes.</summary>
    public long SizeInBytes { get; }

    /// <summary>The address for kernels.</summary>
    public CudaDevicePointer DevicePointer { get; }

    /// <summary>Lets the pages go; the memory itself belongs to its owner.</summary>
    public void Dispose() => _handle.Dispose();
}
