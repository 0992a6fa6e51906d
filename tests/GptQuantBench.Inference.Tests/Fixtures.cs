namespace GptQuantBench.Inference.Tests;

/// <summary>Finds tests/fixtures in the repository, so that no build copies it; GPTQUANTBENCH_FIXTURES names another place.</summary>
public static class Fixtures
{
    /// <summary>The folder of all fixtures.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The small trained GPT-2 with goldens by transformers.</summary>
    public static string Gpt2Nano => Path.Combine(Root, "gpt2-nano");

    /// <summary>The folders of the config variants; fails where there is none, so that no test passes without them.</summary>
    public static IReadOnlyList<string> Variants
    {
        get
        {
            string folder = Path.Combine(Root, "variants");
            string[] variants = Directory.Exists(folder) ? Directory.GetDirectories(folder) : [];
            Assert.True(variants.Length > 0, $"There are no config variants in {folder}; eng/make_gpt2_variants.py makes them.");
            Array.Sort(variants, StringComparer.Ordinal);
            return variants;
        }
    }

    /// <summary>The folder of the solution, from the tests' upward.</summary>
    public static string Repository
    {
        get
        {
            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "GptQuantBench.sln")))
                {
                    return folder.FullName;
                }
            }

            throw new DirectoryNotFoundException(
                $"No GptQuantBench.sln was found from {AppContext.BaseDirectory} upward; set GPTQUANTBENCH_FIXTURES to tests/fixtures.");
        }
    }

    private static string FindRoot() => Environment.GetEnvironmentVariable("GPTQUANTBENCH_FIXTURES") is { Length: > 0 } given
        ? Path.GetFullPath(given)
        : Path.Combine(Repository, "tests", "fixtures");
}
