using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native;

/// <summary>The one import resolver of this assembly.</summary>
internal static class NativeLibraryResolver
{
    /// <summary>The driver, <c>libcuda</c>.</summary>
    public static NativeLibraryLoader Driver { get; } = NativeLibraryLoader.ForThisMachine(NativeLibraryKind.Driver);

    /// <summary>cuBLAS.</summary>
    public static NativeLibraryLoader CuBlas { get; } = NativeLibraryLoader.ForThisMachine(NativeLibraryKind.CuBlas);

    /// <summary>The management library.</summary>
    public static NativeLibraryLoader Nvml { get; } = NativeLibraryLoader.ForThisMachine(NativeLibraryKind.Nvml);

#pragma warning disable CA2255 // A resolver must be there before the first native call; nothing is loaded here.
    [ModuleInitializer]
    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraryResolver).Assembly, Resolve);
#pragma warning restore CA2255

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name switch
    {
        NativeLibraryName.Driver => Driver.Load(),
        NativeLibraryName.CuBlas => CuBlas.Load(),
        NativeLibraryName.Nvml => Nvml.Load(),
        _ => 0,
    };
}
