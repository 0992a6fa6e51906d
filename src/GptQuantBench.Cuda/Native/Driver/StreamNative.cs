using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>Streams and capture.</summary>
internal static unsafe partial class StreamNative
{
    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuStreamCreateWithPriority(nint* stream, uint flags, int priority);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuStreamDestroy_v2(nint stream);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuStreamQuery(nint stream);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuStreamSynchronize(nint stream);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuStreamWaitEvent(nint stream, nint cudaEvent, uint flags);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuCtxGetStreamPriorityRange(int* leastPriority, int* greatestPriority);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuStreamGetPriority(nint stream, int* priority);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuStreamBeginCapture_v2(nint stream, CudaCaptureMode mode);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuStreamEndCapture(nint stream, nint* graph);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuStreamIsCapturing(nint stream, int* status);
}
