namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>A stretch of native memory.</summary>
/// <param name="Address">Its first byte.</param>
/// <param name="Bytes">A multiple of 64.</param>
internal readonly record struct MemoryPart(nint Address, long Bytes);
