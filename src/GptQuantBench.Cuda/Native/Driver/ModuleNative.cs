using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>Modules and what is in them.</summary>
internal static unsafe partial class ModuleNative
{
    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuModuleLoadDataEx(
        nint* module,
        void* image,
        uint optionCount,
        JitOption* options,
        nuint* optionValues);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuModuleUnload(nint module);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuModuleGetFunction(nint* function, nint module, byte* name);

    [LibraryImport(NativeLibraryName.Driver)]
    internal static partial CudaResult cuModuleGetGlobal_v2(ulong* address, nuint* bytes, nint module, byte* name);
}
