namespace GptQuantBench.Inference.Hub;

/// <summary>
/// A model's folder in the cache, as huggingface_hub lays it out: <c>blobs/HASH</c> holds contents, <c>snapshots/COMMIT/NAME</c> links to
/// them, <c>refs/REVISION</c> holds a commit, <c>.locks/</c> beside the models' folders one file for each blob that is being fetched.
/// </summary>
internal sealed class HubCacheFolder
{
    private readonly string _folder;
    private readonly string _locks;

    public HubCacheFolder(string cacheFolder, string repositoryId)
    {
        string name = "models--" + repositoryId.Replace("/", "--", StringComparison.Ordinal);
        _folder = Path.Combine(cacheFolder, name);
        _locks = Path.Combine(cacheFolder, ".locks", name);
    }

    /// <summary>Makes the folders.</summary>
    public void Create()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "blobs"));
        Directory.CreateDirectory(_locks);
    }

    /// <summary>Where a content lies when it is complete.</summary>
    public string Blob(HubFile file) => Path.Combine(_folder, "blobs", file.Hash);

    /// <summary>Where it grows; a name that huggingface_hub uses too, so each goes on with what the other left.</summary>
    public string Incomplete(HubFile file) => Blob(file) + ".incomplete";

    /// <summary>The file whose lock makes a process the only one that fetches a content.</summary>
    public string LockOf(HubFile file) => Path.Combine(_locks, file.Hash + ".lock");

    /// <summary>The folder of a commit.</summary>
    public string Snapshot(string commit) => Path.Combine(_folder, "snapshots", commit);

    /// <summary>True where a content is there as a whole.</summary>
    public bool Has(HubFile file) => new FileInfo(Blob(file)) is { Exists: true } blob && blob.Length == file.Size;

    /// <summary>Bytes that an earlier download left of a content that is not complete.</summary>
    public long PresentBytes(HubFile file) => new FileInfo(Incomplete(file)) is { Exists: true } part ? Math.Min(part.Length, file.Size) : 0;

    /// <summary>
    /// Gives the snapshot's files their names, and last of all the revision its commit: whoever looks meanwhile finds the old snapshot
    /// or the new one, complete.
    /// </summary>
    public void Publish(HubModelId model, HubSnapshot snapshot)
    {
        string folder = Directory.CreateDirectory(Snapshot(snapshot.Commit)).FullName;
        foreach (HubFile file in snapshot.Files)
        {
            Link(file, Path.Combine(folder, file.Name));
        }

        if (!model.IsPinned)
        {
            string reference = Path.Combine([_folder, "refs", .. model.Revision.Split('/')]);
            Directory.CreateDirectory(Path.GetDirectoryName(reference)!);
            Replace(reference, temporary => File.WriteAllText(temporary, snapshot.Commit));
        }
    }

    /// <summary>A relative link, so that the cache can be moved; a copy where the system has no links for users.</summary>
    private void Link(HubFile file, string path)
    {
        string target = Path.Combine("..", "..", "blobs", file.Hash);
        if (new FileInfo(path) is { LinkTarget: { } present } && present == target)
        {
            return;
        }

        Replace(path, temporary =>
        {
            try
            {
                File.CreateSymbolicLink(temporary, target);
            }
            catch (Exception e) when (OperatingSystem.IsWindows() && e is IOException or UnauthorizedAccessException)
            {
                File.Copy(Blob(file), temporary);
            }
        });
    }

    private static void Replace(string path, Action<string> write)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            write(temporary);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
