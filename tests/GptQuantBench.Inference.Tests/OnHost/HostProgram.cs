using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace GptQuantBench.Inference.Tests.OnHost;

/// <summary>
/// Device code that was compiled for this machine by clang, with a fiber for every thread (host.h). What a compiler for GPUs and a GPU make of it,
/// the GPU tests see.
/// </summary>
internal sealed class HostProgram : IDisposable
{
    private const string Compiler = "clang++-19";
    private readonly string _folder = Directory.CreateTempSubdirectory("gptquantbench-device-").FullName;
    private readonly string _program;

    /// <summary>Compiles a file of this folder; skips the test where that cannot be done.</summary>
    public HostProgram(string source)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64, "Fibers are made for Linux on x64.");
        string sources = Path.Combine(Fixtures.Repository, "tests", "GptQuantBench.Inference.Tests", "OnHost", source);
        string kernels = Path.Combine(Fixtures.Repository, "src", "GptQuantBench.Inference", "Backends", "Cuda", "Kernels");
        string probe = Path.Combine(_folder, "probe.cpp");
        _program = Path.Combine(_folder, "program");
        File.WriteAllText(probe, "#include <vector>\nint main() { return (int)std::vector<int>().size(); }\n");
        Assert.SkipUnless(Run(Compiler, [probe, "-o", Path.Combine(_folder, "probe")], [], out _, out _), $"{Compiler} with a C++ library is not installed.");
        Assert.True(
            Run(Compiler, ["-std=c++20", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", $"-I{kernels}", sources, "-o", _program], [], out _, out string error),
            error);
    }

    /// <summary>What it writes to its standard output.</summary>
    public byte[] Run(byte[] input)
    {
        Assert.True(Run(_program, [], input, out byte[] output, out string error), error);
        return output;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static bool Run(string name, string[] arguments, byte[] input, out byte[] output, out string error)
    {
        output = [];
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(name, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            Task writing = Task.Run(() =>
            {
                try
                {
                    process.StandardInput.BaseStream.Write(input);
                    process.StandardInput.Close();
                }
                catch (IOException)
                {
                    // The process has ended: its exit code says so.
                }
            });
            using MemoryStream read = new();
            process.StandardOutput.BaseStream.CopyTo(read);
            process.WaitForExit();
            writing.Wait();
            output = read.ToArray();
            error = $"{errors.Result} (exit code {process.ExitCode})";
            return process.ExitCode == 0;
        }
        catch (Win32Exception exception)
        {
            error = exception.Message;
            return false;
        }
    }
}
