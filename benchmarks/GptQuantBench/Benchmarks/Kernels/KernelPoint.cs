namespace GptQuantBench.Benchmarks.Kernels;

/// <summary>One point: a product as it is timed.</summary>
/// <param name="Shape">Of the matrix.</param>
/// <param name="BatchSize">Input vectors that are multiplied together.</param>
/// <param name="IsWarm">True: the same matrix again and again, which a cache holds; false: copies in turn, which no cache holds.</param>
public sealed record KernelPoint(KernelShape Shape, int BatchSize, bool IsWarm);
