namespace GptQuantBench.Cuda.Native;

/// <summary>The native libraries that this assembly calls.</summary>
internal enum NativeLibraryKind
{
    Driver,
    CuBlas,
    Nvml,
}
