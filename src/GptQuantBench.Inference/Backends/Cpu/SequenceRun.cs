namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>Consecutive ids of one sequence within a pass.</summary>
/// <param name="Sequence">Whose cache they see and join.</param>
/// <param name="Position">Position of the first; all positions of the sequence before it are in the cache.</param>
/// <param name="Count">At least 1.</param>
internal readonly record struct SequenceRun(int Sequence, int Position, int Count);
