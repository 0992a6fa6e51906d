namespace GptQuantBench.Benchmarks.Kernels;

/// <summary>Shape of a matrix.</summary>
/// <param name="Columns">Inputs.</param>
/// <param name="Rows">Outputs.</param>
public sealed record KernelShape(int Columns, int Rows);
