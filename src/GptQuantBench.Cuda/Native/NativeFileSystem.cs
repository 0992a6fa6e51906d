namespace GptQuantBench.Cuda.Native;

/// <summary>The machine itself.</summary>
internal sealed class NativeFileSystem : INativeFileSystem
{
    /// <inheritdoc />
    public string? Variable(string name) => Environment.GetEnvironmentVariable(name);

    /// <inheritdoc />
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc />
    public IEnumerable<string> Folders(string parent, string pattern) =>
        Directory.Exists(parent) ? Directory.EnumerateDirectories(parent, pattern) : [];
}
