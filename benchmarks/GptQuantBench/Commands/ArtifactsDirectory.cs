using GptQuantBench.Inference.Checkpoints;

namespace GptQuantBench.Commands;

/// <summary>Where results go.</summary>
internal static class ArtifactsDirectory
{
    private const string LockFileName = ".lock";
    private const string Solution = "GptQuantBench.sln";

    /// <summary>The given folder, else <c>artifacts</c> of the repository, else of the current folder; it need not exist.</summary>
    public static string Locate(string? given) =>
        Path.GetFullPath(given ?? Path.Combine(RepositoryRoot(Directory.GetCurrentDirectory()) ?? Directory.GetCurrentDirectory(), "artifacts"));

    /// <summary>The folder of <see cref="Locate"/>, created, and tried by writing.</summary>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    public static string Resolve(string? given, string option = "--artifacts")
    {
        var directory = Locate(given);
        try
        {
            Directory.CreateDirectory(directory);
            var trial = Path.Combine(directory, $".write-{Guid.NewGuid():N}");
            File.WriteAllBytes(trial, [0]);
            File.Delete(trial);
            return directory;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new UserErrorException(
                $"The artifacts folder '{directory}' can't be written ({FailureText.Of(exception)}); name a folder that can with {option}.", exception);
        }
    }

    /// <summary>
    /// Makes this process the only one that writes a report there: two would take each other's rows. The lock goes with the process;
    /// its file stays.
    /// </summary>
    /// <exception cref="UserErrorException">Another run has the folder.</exception>
    public static IDisposable Lock(string directory) => FileLock.TryTake(Path.Combine(directory, LockFileName)) ?? throw new UserErrorException(
        $"Another run is writing into '{directory}'; wait for its end, or name another folder with --artifacts.");

    /// <summary>The folder of the solution, from a folder upward; null outside the repository.</summary>
    public static string? RepositoryRoot(string folder)
    {
        for (var directory = new DirectoryInfo(folder); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, Solution)))
            {
                return directory.FullName;
            }
        }

        return null;
    }
}
