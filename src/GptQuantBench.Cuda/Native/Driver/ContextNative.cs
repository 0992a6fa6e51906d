using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>Primary contexts and the calling thread's context.</summary>
internal static unsafe partial class ContextNative
{
    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuDevicePrimaryCtxRetain(nint* context, int device);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuDevicePrimaryCtxRelease_v2(int device);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuDevicePrimaryCtxReset_v2(int device);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuDevicePrimaryCtxGetState(int device, uint* flags, int* active);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuCtxSetCurrent(nint context);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuCtxPushCurrent_v2(nint context);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuCtxPopCurrent_v2(nint* context);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuCtxSynchronize();

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuCtxResetPersistingL2Cache();
}
