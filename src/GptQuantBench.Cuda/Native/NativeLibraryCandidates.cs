namespace GptQuantBench.Cuda.Native;

/// <summary>Which files may be a native library, best first.</summary>
internal static class NativeLibraryCandidates
{
    /// <summary>The environment variable that names cuBLAS's file or folder.</summary>
    public const string CuBlasVariable = "GPTQUANTBENCH_CUBLAS";

    private static readonly int[] _cuBlasMajors = [13, 12, 11];

    /// <summary>
    /// Names and paths in the order of trying. A bare name is looked up by the operating system; a path is only listed if the file exists.
    /// For cuBLAS: what the variable names, then the bare names 13, 12, 11, then the usual folders, newest version first.
    /// </summary>
    /// <param name="kind">The library.</param>
    /// <param name="windows">Whether the platform is Windows.</param>
    /// <param name="files">The environment and file system to look in.</param>
    public static IReadOnlyList<string> For(NativeLibraryKind kind, bool windows, INativeFileSystem files) => kind switch
    {
        NativeLibraryKind.Driver => windows ? ["nvcuda.dll"] : ["libcuda.so.1"],
        NativeLibraryKind.Nvml => windows ? NvmlOnWindows(files) : ["libnvidia-ml.so.1"],
        _ => CuBlas(windows, files),
    };

    private static List<string> NvmlOnWindows(INativeFileSystem files)
    {
        List<string> candidates = ["nvml.dll"];
        // Drivers before 2019 put nvml.dll here and not into System32.
        if (files.Variable("ProgramFiles") is { Length: > 0 } programs)
        {
            AddIfPresent(candidates, Path.Join(programs, "NVIDIA Corporation", "NVSMI", "nvml.dll"), files);
        }

        return candidates;
    }

    private static List<string> CuBlas(bool windows, INativeFileSystem files)
    {
        List<string> candidates = [];
        if (files.Variable(CuBlasVariable) is { Length: > 0 } named)
        {
            if (files.FileExists(named))
            {
                candidates.Add(named);
            }

            AddFromFolder(candidates, named, windows, files);
        }

        foreach (int major in _cuBlasMajors)
        {
            candidates.Add(CuBlasFile(major, windows));
        }

        foreach (string folder in CuBlasFolders(windows, files))
        {
            AddFromFolder(candidates, folder, windows, files);
        }

        return candidates;
    }

    private static IEnumerable<string> CuBlasFolders(bool windows, INativeFileSystem files)
    {
        string? search = files.Variable(windows ? "PATH" : "LD_LIBRARY_PATH");
        foreach (string folder in (search ?? "").Split(windows ? ';' : ':', StringSplitOptions.RemoveEmptyEntries))
        {
            // A pip installation spreads CUDA over nvidia/<part>/lib: any of its folders leads to cuBLAS's.
            yield return Path.Join(folder, "..", "..", "cublas", windows ? "bin" : "lib");
            yield return Path.Join(folder, "..", "..", "cu13", windows ? "bin" : "lib");
        }

        if (files.Variable("CUDA_PATH") is { Length: > 0 } toolkit)
        {
            yield return Path.Join(toolkit, windows ? "bin" : "lib64");
        }

        if (windows)
        {
            yield break;
        }

        yield return "/usr/local/cuda/lib64";
        foreach (string versioned in files.Folders("/usr/local", "cuda-*").OrderByDescending(ToolkitVersion))
        {
            yield return Path.Join(versioned, "lib64");
        }
    }

    private static Version ToolkitVersion(string folder)
    {
        string version = Path.GetFileName(folder)["cuda-".Length..];
        return Version.TryParse(version.Contains('.', StringComparison.Ordinal) ? version : version + ".0", out Version? parsed)
            ? parsed
            : new Version(0, 0);
    }

    private static void AddFromFolder(List<string> candidates, string folder, bool windows, INativeFileSystem files)
    {
        foreach (int major in _cuBlasMajors)
        {
            AddIfPresent(candidates, Path.Join(folder, CuBlasFile(major, windows)), files);
        }
    }

    private static void AddIfPresent(List<string> candidates, string path, INativeFileSystem files)
    {
        if (files.FileExists(path) && !candidates.Contains(path))
        {
            candidates.Add(path);
        }
    }

    private static string CuBlasFile(int major, bool windows) => windows ? $"cublas64_{major}.dll" : $"libcublas.so.{major}";
}
