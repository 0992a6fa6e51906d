namespace GptQuantBench.Benchmarks.Sweeps;

/// <summary>One point: what is changed against the main job's case.</summary>
/// <param name="PromptTokens">Tokens of the prompt; null where the sweep leaves the prompt alone.</param>
/// <param name="DepthTokens">Positions in the KV cache before the first measured step; null where the sweep leaves the cache alone.</param>
/// <param name="BatchSize">Sequences that decode together; null where there is one.</param>
public sealed record SweepPoint(int? PromptTokens = null, int? DepthTokens = null, int? BatchSize = null);
