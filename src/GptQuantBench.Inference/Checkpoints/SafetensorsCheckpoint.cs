using System.Text.Json;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Checkpoints;

/// <summary>All tensors of a model: one safetensors file, or the shards that a model.safetensors.index.json lists.</summary>
public sealed class SafetensorsCheckpoint : ICheckpoint
{
    /// <summary>The file name of an unsharded checkpoint.</summary>
    public const string SingleFileName = "model.safetensors";

    /// <summary>The file name of the index of a sharded checkpoint.</summary>
    public const string IndexFileName = "model.safetensors.index.json";

    private readonly IReadOnlyList<SafetensorsFile> _files;

    private SafetensorsCheckpoint(
        string location, IReadOnlyList<SafetensorsFile> files, IReadOnlyDictionary<string, CheckpointTensor> tensors)
    {
        Location = location;
        _files = files;
        Tensors = tensors;
    }

    /// <inheritdoc />
    public string Location { get; }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    /// <summary>Maps a safetensors file, or all shards where <paramref name="path"/> ends in <c>.json</c>.</summary>
    /// <exception cref="ModelFormatException">A file is missing, unreadable or broken, or index and shards disagree.</exception>
    public static SafetensorsCheckpoint Open(string path)
    {
        if (!IsIndex(path))
        {
            SafetensorsFile file = SafetensorsFile.Open(path);
            return new SafetensorsCheckpoint(path, [file], file.Tensors);
        }

        var shards = new Dictionary<string, SafetensorsFile>();
        try
        {
            Dictionary<string, string> map = ReadIndex(path);
            var tensors = new Dictionary<string, CheckpointTensor>(map.Count);
            foreach ((string name, string shardName) in map)
            {
                if (!shards.TryGetValue(shardName, out SafetensorsFile? shard))
                {
                    shard = SafetensorsFile.Open(ShardPath(path, shardName));
                    shards.Add(shardName, shard);
                }

                tensors.Add(name, shard.Tensors.TryGetValue(name, out CheckpointTensor? tensor)
                    ? tensor
                    : throw Wrong(path, $"tensor {Quoted.Text(name)} is not in {shard.Location} where it should be"));
            }

            RefuseUnlisted(path, shards.Values, tensors);
            return new SafetensorsCheckpoint(path, [.. shards.Values], tensors);
        }
        catch
        {
            foreach (SafetensorsFile shard in shards.Values)
            {
                shard.Dispose();
            }

            throw;
        }
    }

    /// <summary>The safetensors files of a checkpoint in the order of their names: the file itself, or all shards of an index.</summary>
    /// <exception cref="ModelFormatException">The index is unreadable or broken.</exception>
    public static IReadOnlyList<string> Files(string path) =>
        IsIndex(path)
            ? [.. ReadIndex(path).Values.Distinct().Order(StringComparer.Ordinal).Select(shard => ShardPath(path, shard))]
            : [path];

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (SafetensorsFile file in _files)
        {
            file.Dispose();
        }
    }

    private static bool IsIndex(string path) => path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);

    private static string ShardPath(string index, string shardName) => Path.Combine(Path.GetDirectoryName(index) ?? "", shardName);

    /// <summary>Tensor name to shard name.</summary>
    private static Dictionary<string, string> ReadIndex(string path) => ModelFiles.ReadJsonObject(path, root =>
    {
        if (!root.TryGetProperty("weight_map", out JsonElement weightMap) || weightMap.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(path, "there is no weight_map object");
        }

        var map = new Dictionary<string, string>();
        foreach (JsonProperty entry in weightMap.EnumerateObject())
        {
            string? shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
            if (shard is null || !IsPlainFileName(shard))
            {
                string found = shard is null ? Quoted.Json(entry.Value) : Quoted.Text(shard);
                throw Wrong(path, $"tensor {Quoted.Text(entry.Name)} is mapped to {found}, which is not a plain *.safetensors file name");
            }

            map.Add(entry.Name, shard);
        }

        return map;
    });

    /// <summary>A name in the same folder and nothing that leads out of it, on any operating system.</summary>
    private static bool IsPlainFileName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal)
        && !name.AsSpan().ContainsAny("/\\:")
        && !name.Any(char.IsControl);

    private static void RefuseUnlisted(string path, IEnumerable<SafetensorsFile> shards, Dictionary<string, CheckpointTensor> tensors)
    {
        foreach (SafetensorsFile shard in shards)
        {
            foreach (CheckpointTensor tensor in shard.Tensors.Values)
            {
                if (!tensors.TryGetValue(tensor.Name, out CheckpointTensor? listed) || listed != tensor)
                {
                    throw Wrong(path, $"tensor {Quoted.Text(tensor.Name)} of {shard.Location} is not mapped to that file");
                }
            }
        }
    }

    private static ModelFormatException Wrong(string path, string what) =>
        new($"{path} does not fit its shards: {what}; fetch all files of the model again.");
}
