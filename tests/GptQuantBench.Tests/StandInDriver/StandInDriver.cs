using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace GptQuantBench.Tests.StandInDriver;

/// <summary>
/// The stand-in CUDA driver of this folder, compiled once: a device of host memory whose kernels compute nothing, and whose faults are
/// planted by environment variables (README.md). The program is started with it in place of libcuda and knows nothing of it.
/// </summary>
internal static class StandInDriver
{
    /// <summary>What every report and row names.</summary>
    public const string DeviceName = "Stand-in device (no GPU)";

    /// <summary>Collection of the tests that load it into their own process: its state is the process's, so one runs at a time.</summary>
    public const string InThisProcess = "Stand-in driver in this process";

    private const string CuBlas = "cublas";

    private static readonly string[] _compilers = ["clang-19", "cc", "clang", "gcc"];

    /// <summary>See <see cref="Load"/>.</summary>
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    public delegate int AllowAllocations(nint allocations);

    /// <summary>See <see cref="LoadCacheResets"/>.</summary>
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    public delegate int CacheResets();

    private static readonly Lazy<(string? Folder, string? Problem)> _built = new(Build);

    /// <summary>An environment in which the program finds the stand-in driver and cuBLAS; skips the test where no C compiler is.</summary>
    /// <param name="faults">Further variables.</param>
    public static Dictionary<string, string?> Environment(params (string Name, string Value)[] faults)
    {
        var (folder, problem) = _built.Value;
        Assert.SkipWhen(folder is null, problem ?? "");
        Dictionary<string, string?> environment = new()
        {
            ["LD_LIBRARY_PATH"] = folder,
            ["GPTQUANTBENCH_REQUIRE_GPU"] = null,
            ["GPTQUANTBENCH_ARCH"] = null,
            ["GPTQUANTBENCH_PTX_DIR"] = null,
            ["GPTQUANTBENCH_CUBLAS"] = Path.Combine(folder!, CuBlas),
        };
        foreach (var (name, value) in faults)
        {
            environment[name] = value;
        }

        return environment;
    }

    /// <summary>
    /// Makes the stand-in this process's driver; skips the test where no C compiler is. Of what is returned, a call lets so many
    /// allocations pass, refuses the next one, and gives the number of those that are held; -1 refuses none.
    /// </summary>
    public static AllowAllocations Load() => Export<AllowAllocations>("standInAllow");

    /// <summary>The same; what is returned says how often this process has reset what stays in the L2 cache.</summary>
    public static CacheResets LoadCacheResets() => Export<CacheResets>("standInCacheResets");

    private static T Export<T>(string name)
        where T : Delegate
    {
        Environment();
        // Whoever asks for libcuda.so.1 by its name from now on gets this one.
        var library = NativeLibrary.Load(Path.Combine(_built.Value.Folder!, "libcuda.so.1"));
        return Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(library, name));
    }

    private static (string? Folder, string? Problem) Build()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return (null, "The stand-in CUDA driver is made for Linux on x64.");
        }

        var folder = Directory.CreateTempSubdirectory("gptquantbench-stand-in-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var compiler = _compilers.FirstOrDefault(name => CanCompile(name, folder));
        if (compiler is null)
        {
            return (null, $"The stand-in CUDA driver needs a C compiler with the C library's headers; none of {string.Join(", ", _compilers)} works here.");
        }

        var source = Path.Combine(Repository.Root, "tests", "GptQuantBench.Tests", "StandInDriver");
        Library(
            compiler, Path.Combine(source, "cuda.c"), Path.Combine(folder, "libcuda.so.1"), Path.Combine(source, "errors.c"), "-Wl,-soname,libcuda.so.1", "-lpthread");
        Directory.CreateDirectory(Path.Combine(folder, CuBlas));
        Library(compiler, Path.Combine(source, "cublas.c"), Path.Combine(folder, CuBlas, "libcublas.so.12"), $"-L{folder}", "-l:libcuda.so.1");
        return (folder, null);
    }

    private static bool CanCompile(string compiler, string folder)
    {
        var probe = Path.Combine(folder, "probe.c");
        File.WriteAllText(probe, "#include <stdlib.h>\nint probe(void) { return 0; }\n");
        return Run(compiler, ["-shared", "-fPIC", "-o", Path.Combine(folder, "probe.so"), probe], out _);
    }

    private static void Library(string compiler, string source, string target, params string[] options)
    {
        string[] arguments = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden", "-o", target, source];
        Assert.True(Run(compiler, [.. arguments, .. options], out var error), error);
    }

    private static bool Run(string compiler, IEnumerable<string> arguments, out string error)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(compiler, arguments) { RedirectStandardError = true })!;
            error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception exception)
        {
            error = exception.Message;
            return false;
        }
    }
}
