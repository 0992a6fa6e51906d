using System.Text.Json;
using GptQuantBench.Inference.Tokenization;

namespace GptQuantBench.Inference.Tests.Tokenization;

/// <summary>The vocabularies that tests use.</summary>
internal static class Vocabularies
{
    /// <summary>GPT-2's from the package.</summary>
    public static ITokenizer Embedded { get; } = TokenizerFactory.Create(null, null, 50257)!;

    /// <summary>
    /// GPT-2's vocab.json and merges.txt, which the repository does not hold: from GPTQUANTBENCH_SHARED or the folder shared beside the
    /// repository; skips the test where they are not.
    /// </summary>
    public static (string Vocabulary, string Merges) FindGpt2Files()
    {
        string shared = Environment.GetEnvironmentVariable("GPTQUANTBENCH_SHARED") is { Length: > 0 } given
            ? given
            : Path.GetFullPath(Path.Combine(Fixtures.Root, "../../../shared"));
        string folder = Path.Combine(shared, "models", "gpt2-nano");
        (string Vocabulary, string Merges) files = (Path.Combine(folder, "vocab.json"), Path.Combine(folder, "merges.txt"));
        Assert.SkipUnless(
            File.Exists(files.Vocabulary) && File.Exists(files.Merges),
            $"GPT-2's vocab.json and merges.txt are not in {folder}; GPTQUANTBENCH_SHARED names the folder above models.");
        return files;
    }

    /// <summary>
    /// A vocabulary of our own: the 256 bytes in their order, then <c>he</c>, <c>ll</c>, <c>hell</c>, <c>hello</c>, <c>Ġw</c>,
    /// <c>&lt;|endoftext|&gt;</c>.
    /// </summary>
    public static Dictionary<string, int> Small()
    {
        var vocabulary = new Dictionary<string, int>();
        for (int value = 0; value < 256; value++)
        {
            vocabulary.Add(ByteAlphabet.Character((byte)value).ToString(), value);
        }

        foreach (string token in (string[])["he", "ll", "hell", "hello", "Ġw", "<|endoftext|>"])
        {
            vocabulary.Add(token, vocabulary.Count);
        }

        return vocabulary;
    }

    /// <summary>The merges of <see cref="Small"/>.</summary>
    public static string SmallMerges => "#version: 0.2\nh e\nl l\nhe ll\nhell o\nĠ w\n";

    /// <summary>A vocabulary as JSON.</summary>
    public static string ToJson(Dictionary<string, int> vocabulary) => JsonSerializer.Serialize(vocabulary);
}
