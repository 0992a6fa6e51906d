using System.Globalization;
using System.Text.Json.Nodes;

namespace GptQuantBench.Reporting.Tests.Support;

/// <summary>Changes JSON at a path of keys and indices, e.g. <c>results/0/memory_gb</c>.</summary>
internal static class JsonTree
{
    public static void Set(JsonNode root, string path, JsonNode? value)
    {
        (JsonNode parent, string last) = Walk(root, path);
        if (parent is JsonArray array)
        {
            array[int.Parse(last, CultureInfo.InvariantCulture)] = value;
        }
        else
        {
            parent[last] = value;
        }
    }

    public static void Remove(JsonNode root, string path)
    {
        (JsonNode parent, string last) = Walk(root, path);
        Assert.True(parent.AsObject().Remove(last), $"{path} is not there.");
    }

    private static (JsonNode Parent, string Last) Walk(JsonNode root, string path)
    {
        string[] parts = path.Split('/');
        JsonNode node = root;
        foreach (string part in parts[..^1])
        {
            node = node is JsonArray array ? array[int.Parse(part, CultureInfo.InvariantCulture)]! : node[part]!;
        }

        return (node, parts[^1]);
    }
}
