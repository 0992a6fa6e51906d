using GptQuantBench.Inference.Sampling;

namespace GptQuantBench.Inference.Backends;

/// <summary>What one sequence of a batch does in a call of <see cref="IBatchDecodingSession.Extend"/>.</summary>
/// <param name="Ids">Ids that are appended, each inside the vocabulary; none for a sequence that sits out.</param>
/// <param name="Generated">Receives the new ids; may be empty, and of another length than those of other sequences.</param>
/// <param name="Sampling">How its ids are chosen.</param>
public readonly record struct BatchSequence(ReadOnlyMemory<int> Ids, Memory<int> Generated, SamplingOptions Sampling);
