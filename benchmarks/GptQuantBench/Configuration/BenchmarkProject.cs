using GptQuantBench.Commands;

namespace GptQuantBench.Configuration;

/// <summary>
/// BenchmarkDotNet builds a program around our project, which it looks for below the solution's folder upward of the current one.
/// </summary>
internal static class BenchmarkProject
{
    /// <summary>Makes the repository the current folder, so that the program works from anywhere.</summary>
    /// <exception cref="UserErrorException">The program does not lie in its repository.</exception>
    public static void MakeFindable()
    {
        var root = ArtifactsDirectory.RepositoryRoot(Directory.GetCurrentDirectory())
            ?? ArtifactsDirectory.RepositoryRoot(AppContext.BaseDirectory)
            ?? throw new UserErrorException(
                "Benchmark processes are built from the project's source, which is not here; run from the repository, or in this process with --inProcess.");
        Directory.SetCurrentDirectory(root);
    }
}
