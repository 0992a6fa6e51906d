namespace GptQuantBench.Inference.Sampling;

/// <summary>Calls a body for the chunks 0 … count − 1, several at a time, and returns when all are done.</summary>
/// <param name="count">Chunks.</param>
/// <param name="body">Gets the chunk, and a number of the thread.</param>
internal delegate void ChunkLoop(int count, Action<int, int> body);
