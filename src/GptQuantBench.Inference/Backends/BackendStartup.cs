namespace GptQuantBench.Inference.Backends;

/// <summary>What starting a device cost; reported beside load time, not in it.</summary>
/// <param name="ContextTime">Creation of the device context; null for backends without one.</param>
/// <param name="JitTime">Compilation of the kernels for the device; null for backends without any.</param>
public sealed record BackendStartup(TimeSpan? ContextTime, TimeSpan? JitTime);
