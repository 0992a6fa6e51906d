using System.Buffers;
using BenchmarkDotNet.Toolchains;
using BenchmarkDotNet.Toolchains.DotNetCli;
using GptQuantBench.Commands;
using GptQuantBench.Inference.Checkpoints;

namespace GptQuantBench.Configuration;

/// <summary>
/// How phases get a process of their own: BenchmarkDotNet builds a program around our benchmarks, in a folder beside the program that
/// runs, under a name that every run gives it again.
/// </summary>
internal static class BenchmarkProcesses
{
    private const string Framework = "net10.0";
    private const string LockFileName = ".benchmark-processes.lock";

    // What MSBuild reads as more than a letter of a path.
    private static readonly SearchValues<char> _markup = SearchValues.Create("%;$@*?'");
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// BenchmarkDotNet's own toolchain for .NET but for the project file. One object, so that all benchmarks of a run share a build.
    /// </summary>
    public static IToolchain Toolchain { get; } = new Toolchain(
        "Process of its own",
        new BenchmarkProgramGenerator(Framework),
        new DotNetCliBuilder(Framework),
        // Null is what BenchmarkDotNet itself passes for the dotnet of the PATH.
        new DotNetCliExecutor(customDotNetCliPath: null!));

    /// <summary>Makes this run the only one that builds there; waits for another.</summary>
    /// <param name="notify">Told once where it must wait.</param>
    /// <exception cref="UserErrorException">The folder can't be written, or MSBuild can't use its name.</exception>
    public static IDisposable Lock(Action<string> notify)
    {
        if (AppContext.BaseDirectory.AsSpan().IndexOfAny(_markup) >= 0)
        {
            throw new UserErrorException(
                $"Benchmark processes can't be built in '{AppContext.BaseDirectory}', because one of the characters %;$@*?' means something else to MSBuild; "
                + "run in this process with --inProcess, or from another folder.");
        }

        try
        {
            for (var isFirst = true; ; isFirst = false)
            {
                if (FileLock.TryTake(Path.Combine(AppContext.BaseDirectory, LockFileName)) is { } build)
                {
                    return build;
                }

                if (isFirst)
                {
                    notify("Another run uses this build; waiting for its end (--inProcess would not).");
                }

                Thread.Sleep(_pause);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(
                $"Benchmark processes are built in '{AppContext.BaseDirectory}', which can't be written ({FailureText.Of(exception)}); "
                + "run in this process with --inProcess.",
                exception);
        }
    }
}
