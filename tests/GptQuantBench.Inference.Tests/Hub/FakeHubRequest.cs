namespace GptQuantBench.Inference.Tests.Hub;

/// <summary>What a request to a <see cref="FakeHub"/> said.</summary>
internal sealed record FakeHubRequest(string Path, string? Authorization, string? Range, string? IfRange);
