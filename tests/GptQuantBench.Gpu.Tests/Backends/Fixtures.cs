namespace GptQuantBench.Gpu.Tests.Backends;

/// <summary>Finds tests/fixtures in the repository; GPTQUANTBENCH_FIXTURES names another place.</summary>
internal static class Fixtures
{
    /// <summary>The folder of all fixtures.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("GPTQUANTBENCH_FIXTURES") is { Length: > 0 } given)
        {
            return Path.GetFullPath(given);
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "GptQuantBench.sln")))
            {
                return Path.Combine(folder.FullName, "tests", "fixtures");
            }
        }

        throw new DirectoryNotFoundException(
            $"No GptQuantBench.sln was found from {AppContext.BaseDirectory} upward; set GPTQUANTBENCH_FIXTURES to tests/fixtures.");
    }
}
