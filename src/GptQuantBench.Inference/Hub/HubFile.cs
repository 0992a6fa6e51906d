namespace GptQuantBench.Inference.Hub;

/// <summary>A file of a model on the hub.</summary>
/// <param name="Name">Its name; never a path.</param>
/// <param name="Size">Length in bytes.</param>
/// <param name="Hash">SHA-256 (64 digits) of a large file, git's id (40 digits) of any other.</param>
public sealed record HubFile(string Name, long Size, string Hash);
