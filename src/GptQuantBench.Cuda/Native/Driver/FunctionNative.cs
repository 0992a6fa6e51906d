using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>
/// Attributes, occupancy and launches of kernels. No call of this library has <c>SuppressGCTransition</c>: a launch waits where the
/// device's queue is full and any call may take the driver's locks, and a collection on another thread would wait with it.
/// </summary>
internal static unsafe partial class FunctionNative
{
    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuFuncGetAttribute(int* value, CudaFunctionAttribute attribute, nint function);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuFuncSetAttribute(nint function, CudaFunctionAttribute attribute, int value);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuFuncGetParamInfo(nint function, nuint index, nuint* offset, nuint* size);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuOccupancyMaxActiveBlocksPerMultiprocessor(
        int* blocks,
        nint function,
        int blockSize,
        nuint dynamicSharedBytes);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuLaunchKernel(
        nint function,
        uint gridX,
        uint gridY,
        uint gridZ,
        uint blockX,
        uint blockY,
        uint blockZ,
        uint sharedBytes,
        nint stream,
        void** parameters,
        void** extra);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuLaunchCooperativeKernel(
        nint function,
        uint gridX,
        uint gridY,
        uint gridZ,
        uint blockX,
        uint blockY,
        uint blockZ,
        uint sharedBytes,
        nint stream,
        void** parameters);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuLaunchKernelEx(LaunchConfig* config, nint function, void** parameters, void** extra);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuOccupancyMaxActiveClusters(int* clusters, nint function, LaunchConfig* config);
}
