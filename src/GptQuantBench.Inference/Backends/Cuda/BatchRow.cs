using System.Runtime.InteropServices;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>One row of a pass over several sequences; <c>BatchRow</c> of state.cuh, field for field.</summary>
/// <param name="Sequence">Whose cache.</param>
/// <param name="Position">Where in it.</param>
/// <param name="Token">Id that stands there.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct BatchRow(int Sequence, int Position, int Token);
