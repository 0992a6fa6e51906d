namespace GptQuantBench.Inference.Checkpoints;

/// <summary>One tensor as a safetensors header describes it.</summary>
/// <param name="Name">Name.</param>
/// <param name="TypeName">Element type as the format spells it, e.g. <c>BF16</c>.</param>
/// <param name="Shape">Dimensions; empty for a scalar.</param>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="End">One past the last byte.</param>
internal sealed record SafetensorsEntry(string Name, string TypeName, long[] Shape, long Begin, long End);
