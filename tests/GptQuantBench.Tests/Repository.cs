namespace GptQuantBench.Tests;

/// <summary>Files of the repository.</summary>
internal static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = Find();

    /// <summary>Small models with golden outputs, from GPTQUANTBENCH_FIXTURES or the repository.</summary>
    public static string Fixtures { get; } =
        Environment.GetEnvironmentVariable("GPTQUANTBENCH_FIXTURES") is { Length: > 0 } folder ? folder : Path.Combine(Root, "tests", "fixtures");

    /// <summary>The small trained model.</summary>
    public static string Nano { get; } = Path.Combine(Fixtures, "gpt2-nano");

    /// <summary>A committed PTX file.</summary>
    public static string Ptx(string file) => Path.Combine(Root, "src", "GptQuantBench.Inference", "Backends", "Cuda", "Kernels", "ptx", file);

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "GptQuantBench.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("The tests must run from a folder below the solution.");
    }
}
