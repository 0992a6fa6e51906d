using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>Devices.</summary>
internal static unsafe partial class DeviceNative
{
    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuDeviceGetCount(int* count);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuDeviceGet(int* device, int ordinal);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuDeviceGetName(byte* name, int length, int device);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuDeviceGetAttribute(int* value, CudaDeviceAttribute attribute, int device);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuDeviceGetPCIBusId(byte* id, int length, int device);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuDeviceTotalMem_v2(nuint* bytes, int device);
}
