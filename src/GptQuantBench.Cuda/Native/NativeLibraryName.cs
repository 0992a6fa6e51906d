namespace GptQuantBench.Cuda.Native;

/// <summary>The names in <c>LibraryImport</c>; <see cref="NativeLibraryResolver"/> maps them to the platform's files.</summary>
internal static class NativeLibraryName
{
    public const string Driver = "cuda";
    public const string CuBlas = "cublas";
    public const string Nvml = "nvml";
}
