using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>Initialisation, versions and the driver's error texts.</summary>
internal static unsafe partial class DriverNative
{
    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuInit(uint flags);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuDriverGetVersion(int* version);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuGetErrorName(CudaResult error, byte** name);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuGetErrorString(CudaResult error, byte** text);
}
