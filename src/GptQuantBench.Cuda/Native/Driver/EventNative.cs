using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>Events.</summary>
internal static unsafe partial class EventNative
{
    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuEventCreate(nint* cudaEvent, uint flags);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuEventDestroy_v2(nint cudaEvent);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuEventRecord(nint cudaEvent, nint stream);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuEventSynchronize(nint cudaEvent);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuEventQuery(nint cudaEvent);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuEventElapsedTime(float* milliseconds, nint start, nint end);
}
