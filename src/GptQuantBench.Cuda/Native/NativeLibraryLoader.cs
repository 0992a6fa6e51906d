using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native;

/// <summary>Loads one native library, once, from the first candidate that the operating system takes.</summary>
/// <param name="kind">The library.</param>
/// <param name="windows">Whether the platform is Windows.</param>
/// <param name="files">The environment and file system to look in.</param>
/// <param name="load">Opens a name or path; zero where it cannot.</param>
internal sealed class NativeLibraryLoader(NativeLibraryKind kind, bool windows, INativeFileSystem files, Func<string, nint> load)
{
    private readonly Lock _lock = new();
    private nint _library;

    /// <summary>The name or path that was loaded; null before.</summary>
    public string? LoadedName { get; private set; }

    /// <summary>A loader for this machine.</summary>
    public static NativeLibraryLoader ForThisMachine(NativeLibraryKind kind) =>
        new(kind, OperatingSystem.IsWindows(), new NativeFileSystem(), name => NativeLibrary.TryLoad(name, out nint library) ? library : 0);

    /// <summary>The library's handle.</summary>
    /// <exception cref="CudaLibraryException">No candidate can be loaded. The next call tries again.</exception>
    public nint Load()
    {
        lock (_lock)
        {
            if (_library != 0)
            {
                return _library;
            }

            IReadOnlyList<string> candidates = NativeLibraryCandidates.For(kind, windows, files);
            foreach (string candidate in candidates)
            {
                LoadCompanion(candidate);
                _library = load(candidate);
                if (_library != 0)
                {
                    LoadedName = candidate;
                    return _library;
                }
            }

            throw new CudaLibraryException(Missing(candidates));
        }
    }

    /// <summary>
    /// cuBLAS needs cuBLASLt of the same version. Beside a bare name the operating system finds it, but in a folder that it does not
    /// search it must be loaded first.
    /// </summary>
    private void LoadCompanion(string candidate)
    {
        if (kind != NativeLibraryKind.CuBlas || Path.GetDirectoryName(candidate) is not { Length: > 0 } folder)
        {
            return;
        }

        string companion = Path.Join(folder, Path.GetFileName(candidate).Replace("cublas", "cublasLt", StringComparison.Ordinal));
        if (files.FileExists(companion))
        {
            load(companion);
        }
    }

    private string Missing(IReadOnlyList<string> candidates)
    {
        string tried = string.Join(", ", candidates);
        return kind switch
        {
            NativeLibraryKind.Driver =>
                $"The CUDA driver library ({tried}) could not be loaded, so install NVIDIA's driver or choose what needs no GPU.",
            NativeLibraryKind.Nvml =>
                $"NVIDIA's management library ({tried}) could not be loaded, "
                + "so install NVIDIA's driver to get clocks, temperature and energy.",
            _ =>
                $"cuBLAS ({tried}) could not be loaded, "
                + $"so install CUDA 11, 12 or 13 or set {NativeLibraryCandidates.CuBlasVariable} to its file or folder.",
        };
    }
}
