namespace GptQuantBench.Inference.Backends;

/// <summary>Receives logits of consecutive positions.</summary>
/// <param name="firstPosition">Position of the first row.</param>
/// <param name="count">Number of rows.</param>
/// <param name="logits">[count, vocabulary], FP32, row-major; valid during the call only.</param>
public delegate void LogitsConsumer(int firstPosition, int count, ReadOnlySpan<float> logits);
