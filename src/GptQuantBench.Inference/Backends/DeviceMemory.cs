namespace GptQuantBench.Inference.Backends;

/// <summary>Memory in use as the driver sees it, beside what our own allocator counts.</summary>
/// <param name="UsedBytes">Bytes in use.</param>
/// <param name="Source">Who says so and of what: the process or the whole device.</param>
public sealed record DeviceMemory(long UsedBytes, string Source);
