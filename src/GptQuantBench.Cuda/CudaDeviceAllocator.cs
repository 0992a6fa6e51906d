using System.Globalization;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>Device memory straight from the driver (<c>cuMemAlloc</c>), with a hook for whoever counts it.</summary>
/// <param name="context">The context.</param>
/// <param name="account">
/// Called with the bytes asked for after each allocation, and with their negative after each free; thread-safe, must not throw.
/// One allocator per category gives bytes by category.
/// </param>
public sealed unsafe class CudaDeviceAllocator(CudaContext context, Action<long>? account = null) : IDeviceAllocator
{
    /// <inheritdoc />
    public CudaContext Context { get; } = context;

    /// <inheritdoc />
    public CudaDevicePointer Allocate(long byteCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(byteCount, 1);
        ulong address;
        CudaResult result = MemoryNative.cuMemAlloc_v2(&address, (nuint)byteCount);
        if (result == CudaResult.OutOfMemory)
        {
            CudaMemoryInfo memory = Context.GetMemoryInfo();
            throw new CudaOutOfMemoryException(
                OutOfMemoryMessage(byteCount, memory, Context.Device.Name, DriverError.Describe(result)),
                nameof(MemoryNative.cuMemAlloc_v2),
                byteCount,
                memory.FreeBytes);
        }

        if (result != CudaResult.Success)
        {
            DriverError.Throw(result, nameof(MemoryNative.cuMemAlloc_v2));
        }

        account?.Invoke(byteCount);
        return new CudaDevicePointer(address);
    }

    /// <inheritdoc />
    public bool Free(CudaDevicePointer pointer, long byteCount)
    {
        // Counted as freed even if the call fails: it fails only after a fault, when the driver has taken everything back.
        account?.Invoke(-byteCount);
        return MemoryNative.cuMemFree_v2(pointer.Address) == CudaResult.Success;
    }

    /// <summary>One sentence for memory that did not fit.</summary>
    internal static string OutOfMemoryMessage(long requestedBytes, CudaMemoryInfo memory, string device, string description)
    {
        // The driver gives memory in pages of 2 MiB and more, so the last free bytes are not for everyone.
        string free = requestedBytes > memory.FreeBytes ? "" : ", not in pieces that serve";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"cuMemAlloc_v2 failed with {description}: {requestedBytes:N0} bytes were asked for but only {memory.FreeBytes:N0} of "
            + $"{memory.TotalBytes:N0} are free on {device}{free}, so end other programs on the GPU or ask for less.");
    }
}
