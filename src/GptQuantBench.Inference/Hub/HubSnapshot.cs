namespace GptQuantBench.Inference.Hub;

/// <summary>What a model consists of at one commit, as far as it is ever taken.</summary>
/// <param name="Commit">40 hexadecimal digits.</param>
/// <param name="Files">Configuration, vocabulary and weights.</param>
public sealed record HubSnapshot(string Commit, IReadOnlyList<HubFile> Files);
