using GptQuantBench.Cuda.Native;

namespace GptQuantBench.Cuda.Tests.Native;

/// <summary>A machine made of a few variables and files.</summary>
internal sealed class FakeFileSystem : INativeFileSystem
{
    public Dictionary<string, string> Variables { get; } = [];

    public HashSet<string> Files { get; } = [];

    public Dictionary<string, string[]> FolderLists { get; } = [];

    public string? Variable(string name) => Variables.GetValueOrDefault(name);

    public bool FileExists(string path) => Files.Contains(Path.GetFullPath(path));

    public IEnumerable<string> Folders(string parent, string pattern) => FolderLists.GetValueOrDefault(parent, []);
}
