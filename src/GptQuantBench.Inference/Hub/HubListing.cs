using System.Text.Json;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;

namespace GptQuantBench.Inference.Hub;

/// <summary>
/// Reads the hub's list of a model's files: <c>GET /api/models/ID/revision/REVISION?blobs=true</c> answers
/// <c>{"sha", "siblings": [{"rfilename", "size", "blobId", "lfs": {"sha256", "size"}}]}</c>. The answer comes from outside: commit and
/// hashes become names of files, so they must be hashes.
/// </summary>
internal static class HubListing
{
    /// <summary>Longest list that is read, in bytes; the longest known are below 1 MB.</summary>
    public const int LongestAnswer = 10_000_000;

    // Beside weights, nothing that is taken is larger than a few MB.
    private const long LargestSmallFile = 100_000_000;
    private const long LargestFile = 1_000_000_000_000;

    /// <summary>The files to take.</summary>
    /// <param name="json">The answer.</param>
    /// <param name="model">The model, for messages.</param>
    /// <exception cref="HubException">It is not such a list, or the model has no safetensors weights.</exception>
    public static HubSnapshot Parse(ReadOnlyMemory<byte> json, HubModelId model)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            string commit = root.GetProperty("sha").GetString() ?? "";
            if (!HubHash.IsGitHash(commit) || (model.IsPinned && commit != model.Revision))
            {
                throw Wrong(model, $"it names the commit {Quoted.Text(commit)}");
            }

            IReadOnlyList<HubFile> files = HubFileChoice.Choose(
                root.GetProperty("siblings").EnumerateArray()
                    .Where(sibling => HubFileChoice.IsTakeable(sibling.GetProperty("rfilename").GetString() ?? ""))
                    .Select(sibling => File(sibling, model))
                    .DistinctBy(file => file.Name));
            bool isUsable = files.Any(file => HubFileChoice.IsWeights(file.Name)) && files.Any(file => file.Name == ConfigurationFiles.FileName);
            return isUsable
                ? new HubSnapshot(commit, files)
                : throw new HubException(
                    $"{model} has no {ConfigurationFiles.FileName} with {SafetensorsCheckpoint.SingleFileName}, the only format that is taken; "
                    + "choose a model, or a revision, with safetensors weights.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Wrong(model, "it is not the list of a model's files", e);
        }
    }

    private static HubFile File(JsonElement sibling, HubModelId model)
    {
        string name = sibling.GetProperty("rfilename").GetString()!;
        bool isLarge = sibling.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object;
        string hash = (isLarge ? lfs.GetProperty("sha256") : sibling.GetProperty("blobId")).GetString() ?? "";
        long size = (isLarge ? lfs : sibling).GetProperty("size").GetInt64();
        if (!(isLarge ? HubHash.IsSha256(hash) : HubHash.IsGitHash(hash)))
        {
            throw Wrong(model, $"it gives {name} the hash {Quoted.Text(hash)}");
        }

        long largest = HubFileChoice.IsWeights(name) ? LargestFile : LargestSmallFile;
        return size >= 0 && size <= largest
            ? new HubFile(name, size, hash)
            : throw Wrong(model, $"it gives {name} a length of {size} bytes");
    }

    private static HubException Wrong(HubModelId model, string what, Exception? cause = null) => new(
        $"The hub's answer about {model} cannot be used: {what}; check HF_ENDPOINT, and whether a proxy answers in its place.", cause);
}
