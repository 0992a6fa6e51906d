using GptQuantBench.Benchmarks;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Progress;

/// <summary>What a run tells whoever watches it.</summary>
internal interface IRunProgress
{
    /// <summary>BenchmarkDotNet builds the program of the benchmark processes.</summary>
    void Building();

    /// <summary>The build is done.</summary>
    void Running();

    /// <summary>A case starts.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="format">Name of the format.</param>
    void CaseStarted(int index, string model, string format);

    /// <summary>A phase ended; <paramref name="row"/> has its figures, and those of the phases before it.</summary>
    void PhaseEnded(Phase phase, CaseResult row);

    /// <summary>A case ended, and its row is on disk.</summary>
    void CaseEnded(int index, CaseResult row);
}
