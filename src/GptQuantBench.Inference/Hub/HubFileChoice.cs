using System.Text.RegularExpressions;
using GptQuantBench.Inference.Checkpoints;

namespace GptQuantBench.Inference.Hub;

/// <summary>
/// Which files of a model are ever taken: those that are named here, in the model's own folder. Formats that can run code when they
/// are loaded (pickle: .bin, .pt, .ckpt) are not among them.
/// </summary>
internal static partial class HubFileChoice
{
    private static readonly HashSet<string> _small = new(StringComparer.Ordinal)
    {
        ConfigurationFiles.FileName, "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "vocab.json", "merges.txt",
    };

    /// <summary>True for a name that may be taken; a name with a folder, or with anything but plain characters, never is.</summary>
    public static bool IsTakeable(string name) =>
        _small.Contains(name) || name is SafetensorsCheckpoint.SingleFileName or SafetensorsCheckpoint.IndexFileName || Shard().IsMatch(name);

    /// <summary>True for files that hold weights; the others are small.</summary>
    public static bool IsWeights(string name) => name == SafetensorsCheckpoint.SingleFileName || Shard().IsMatch(name);

    /// <summary>The files of one copy of the model: shards only where there is no single file.</summary>
    public static IReadOnlyList<HubFile> Choose(IEnumerable<HubFile> files)
    {
        HubFile[] all = [.. files];
        bool isSingle = all.Any(file => file.Name == SafetensorsCheckpoint.SingleFileName);
        return [.. all.Where(file => !isSingle || !(Shard().IsMatch(file.Name) || file.Name == SafetensorsCheckpoint.IndexFileName))];
    }

    [GeneratedRegex(@"\Amodel-[0-9]{5}-of-[0-9]{5}\.safetensors\z")]
    private static partial Regex Shard();
}
