namespace GptQuantBench.Cuda.Native;

/// <summary>What the search for native libraries sees of the machine.</summary>
internal interface INativeFileSystem
{
    /// <summary>An environment variable, or null.</summary>
    string? Variable(string name);

    /// <summary>Whether a file exists.</summary>
    bool FileExists(string path);

    /// <summary>Folders in a folder whose name matches; empty where the folder does not exist.</summary>
    IEnumerable<string> Folders(string parent, string pattern);
}
