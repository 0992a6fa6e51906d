using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks;

namespace GptQuantBench.Configuration;

/// <summary>The parameters of <see cref="MainJob"/> and of the sweeps, which have the same names, read from BenchmarkDotNet's case.</summary>
internal static class BenchmarkCaseExtensions
{
    /// <summary>Name of the model.</summary>
    public static string ModelName(this BenchmarkCase benchmark) => (string)benchmark.Parameters[nameof(MainJob.Model)];

    /// <summary>Name of the format.</summary>
    public static string FormatName(this BenchmarkCase benchmark) => (string)benchmark.Parameters[nameof(MainJob.Format)];

    /// <summary>True for a benchmark of the main job, false for one of a sweep.</summary>
    public static bool IsMainJob(this BenchmarkCase benchmark) => benchmark.Descriptor.Type == typeof(MainJob);

    /// <summary>The phase that the method of the main job measures.</summary>
    public static Phase Phase(this BenchmarkCase benchmark) => Enum.Parse<Phase>(benchmark.Descriptor.WorkloadMethod.Name);
}
