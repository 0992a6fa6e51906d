using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>Device and host memory.</summary>
internal static unsafe partial class MemoryNative
{
    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuMemGetInfo_v2(nuint* free, nuint* total);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuMemAlloc_v2(ulong* address, nuint bytes);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuMemFree_v2(ulong address);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuMemHostAlloc(void** pointer, nuint bytes, uint flags);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuMemFreeHost(void* pointer);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuMemHostGetDevicePointer_v2(ulong* address, void* pointer, uint flags);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuMemHostRegister_v2(void* pointer, nuint bytes, uint flags);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuMemHostUnregister(void* pointer);
}
