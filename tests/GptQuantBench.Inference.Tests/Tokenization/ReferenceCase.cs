using System.Text.Json;

namespace GptQuantBench.Inference.Tests.Tokenization;

/// <summary>A text and its ids by tiktoken, from tests/fixtures (made by eng/make_tokenization_reference.mjs).</summary>
public sealed record ReferenceCase(string Text, int[] Ids)
{
    /// <summary>The hard strings.</summary>
    public static IReadOnlyList<ReferenceCase> All { get; } = ReadAll();

    /// <summary>The text of our own, 3 500 words.</summary>
    public static ReferenceCase OwnText { get; } = new(
        File.ReadAllText(Path.Combine(Fixtures.Root, "texts", "own.txt")),
        JsonSerializer.Deserialize<int[]>(File.ReadAllText(Path.Combine(Fixtures.Root, "texts", "own.ids.json")))!);

    private static List<ReferenceCase> ReadAll()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Fixtures.Root, "tokenization", "reference.json")));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(one => new ReferenceCase(
            one.GetProperty("text").GetString()!,
            [.. one.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())]))];
    }
}
