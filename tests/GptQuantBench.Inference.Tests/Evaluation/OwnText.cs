using System.Text.Json;

namespace GptQuantBench.Inference.Tests.Evaluation;

/// <summary>The text of a fresh clone: 4,221 tokens.</summary>
internal static class OwnText
{
    /// <summary>Its ids.</summary>
    public static int[] Ids { get; } =
        JsonSerializer.Deserialize<int[]>(File.ReadAllText(Path.Combine(Fixtures.Root, "texts", "own.ids.json")))!;
}
