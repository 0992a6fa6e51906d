namespace GptQuantBench.Inference.Checkpoints;

/// <summary>
/// The cache that huggingface_hub keeps and transformers reads: <c>models--OWNER--NAME/refs/main</c> holds a commit,
/// <c>models--OWNER--NAME/snapshots/COMMIT/</c> its files, which are links into <c>blobs/</c>.
/// </summary>
internal static class HuggingFaceCache
{
    /// <summary>
    /// The cache's folder by huggingface_hub's rules (constants.py): HF_HUB_CACHE, else HUGGINGFACE_HUB_CACHE, else HF_HOME/hub, else
    /// XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub. Null where not even a home folder is known.
    /// </summary>
    /// <param name="environment">The value of an environment variable, or null.</param>
    public static string? Folder(Func<string, string?> environment)
    {
        string? home = Value(environment, OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME");
        if ((Value(environment, "HF_HUB_CACHE") ?? Value(environment, "HUGGINGFACE_HUB_CACHE")) is { } hub)
        {
            return Expand(hub, home);
        }

        if (Value(environment, "HF_HOME") is { } huggingFaceHome)
        {
            return Path.Combine(Expand(huggingFaceHome, home), "hub");
        }

        if (Value(environment, "XDG_CACHE_HOME") is { } cache)
        {
            return Path.Combine(Expand(cache, home), "huggingface", "hub");
        }

        return home is null ? null : Path.Combine(home, ".cache", "huggingface", "hub");
    }

    /// <summary>The folder of the snapshot that <c>main</c> points to, where it holds a configuration and safetensors; else null.</summary>
    /// <param name="cacheFolder">From <see cref="Folder"/>.</param>
    /// <param name="repositoryId">E.g. <c>openai-community/gpt2</c>.</param>
    public static string? FindSnapshot(string cacheFolder, string repositoryId)
    {
        string repository = Path.Combine(cacheFolder, "models--" + repositoryId.Replace("/", "--", StringComparison.Ordinal));
        string reference = Path.Combine(repository, "refs", "main");
        string commit;
        try
        {
            // A commit is 40 characters; whatever is much longer is not one.
            if (!ExistingFile(reference) || new FileInfo(reference).Length > 256)
            {
                return null;
            }

            commit = File.ReadAllText(reference).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        if (commit.Length == 0 || !commit.All(char.IsAsciiLetterOrDigit))
        {
            return null;
        }

        string snapshot = Path.Combine(repository, "snapshots", commit);
        bool isUsable = ExistingFile(Path.Combine(snapshot, ConfigurationFiles.FileName))
            && (ExistingFile(Path.Combine(snapshot, SafetensorsCheckpoint.SingleFileName))
                || ExistingFile(Path.Combine(snapshot, SafetensorsCheckpoint.IndexFileName)));
        return isUsable ? snapshot : null;
    }

    /// <summary>The model's name, where a folder is a snapshot of it in a cache: the folder itself is named after a commit.</summary>
    public static string? ModelName(string folder)
    {
        string? snapshots = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder));
        string? repository = Path.GetFileName(Path.GetDirectoryName(snapshots));
        return Path.GetFileName(snapshots) == "snapshots" && repository?.StartsWith("models--", StringComparison.Ordinal) == true
            ? repository[(repository.LastIndexOf("--", StringComparison.Ordinal) + 2)..]
            : null;
    }

    /// <summary>True for a file, and for a link whose end is a file: a cleaned-up cache holds links to nowhere.</summary>
    public static bool ExistingFile(string path)
    {
        var file = new FileInfo(path);
        try
        {
            return file.Exists && (file.LinkTarget is null || file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { Exists: true });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? Value(Func<string, string?> environment, string name) =>
        environment(name) is { Length: > 0 } value ? value : null;

    private static string Expand(string path, string? home) =>
        home is not null && (path == "~" || path.StartsWith("~/", StringComparison.Ordinal)) ? home + path[1..] : path;
}
