using GptQuantBench.Inference.Tokenization;

namespace GptQuantBench.Inference.Tests.Evaluation;

/// <summary>The evaluation text of gpt2-nano, which is third-party text and not in the repository.</summary>
internal static class HeldOutText
{
    private static readonly Lazy<int[]> _tokenized = new(
        () => TokenizerFactory.Create(null, null, 50257)!.Encode(File.ReadAllText(FilePath!)));

    // Beside the repository, or where the variable says.
    private static string? FilePath =>
        new[] { Environment.GetEnvironmentVariable("GPTQUANTBENCH_SHARED"), Path.Combine(Fixtures.Root, "..", "..", "..", "shared") }
            .Where(folder => !string.IsNullOrEmpty(folder))
            .Select(folder => Path.Combine(folder!, "text", "heldout.txt"))
            .FirstOrDefault(File.Exists);

    /// <summary>Its ids, or the end of the test with the reason.</summary>
    public static int[] Ids()
    {
        Assert.SkipWhen(
            FilePath is null,
            "text/heldout.txt is neither in ../shared beside the repository nor in the folder of GPTQUANTBENCH_SHARED.");
        return _tokenized.Value;
    }
}
