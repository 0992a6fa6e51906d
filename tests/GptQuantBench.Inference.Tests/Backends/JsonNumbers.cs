using System.Text.Json;

namespace GptQuantBench.Inference.Tests.Backends;

/// <summary>Arrays of numbers in goldens.</summary>
internal static class JsonNumbers
{
    public static int[] Integers(this JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

    public static float[] Floats(this JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetSingle())];
}
