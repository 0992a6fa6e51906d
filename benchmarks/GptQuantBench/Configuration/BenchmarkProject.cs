using System.Buffers;
using GptQuantBench.Commands;
using GptQuantBench.Inference.Checkpoints;

namespace GptQuantBench.Configuration;

/// <summary>
/// BenchmarkDotNet builds a program around our project, which it looks for below the solution's folder upward of the current one. The
/// program lies beside ours, under a name that every run gives it again.
/// </summary>
internal static class BenchmarkProject
{
    private const string LockFileName = ".benchmark-processes.lock";

    private static readonly SearchValues<char> _xmlMarkup = SearchValues.Create("&<");
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Makes the repository the current folder, so that the program works from anywhere, and this run the only one that builds there;
    /// waits for another.
    /// </summary>
    /// <param name="notify">Told once where it must wait.</param>
    /// <exception cref="UserErrorException">The program does not lie in its repository, or its folder can't be written.</exception>
    public static IDisposable Lock(Action<string> notify)
    {
        var root = ArtifactsDirectory.RepositoryRoot(Directory.GetCurrentDirectory())
            ?? ArtifactsDirectory.RepositoryRoot(AppContext.BaseDirectory)
            ?? throw new UserErrorException(
                "Benchmark processes are built from the project's source, which is not here; run from the repository, or in this process with --inProcess.");
        // BenchmarkDotNet 0.15.8 writes the path into a project file as it is.
        if (AppContext.BaseDirectory.AsSpan().IndexOfAny(_xmlMarkup) >= 0)
        {
            throw new UserErrorException(
                $"BenchmarkDotNet can't build benchmark processes in '{AppContext.BaseDirectory}', because '&' and '<' mean something else to it; "
                + "run in this process with --inProcess, or from another folder.");
        }

        Directory.SetCurrentDirectory(root);
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
