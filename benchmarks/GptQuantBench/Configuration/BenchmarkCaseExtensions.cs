using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Kernels;

namespace GptQuantBench.Configuration;

/// <summary>The parameters of <see cref="MainJob"/> and of the sweeps, which have the same names, read from BenchmarkDotNet's case.</summary>
internal static class BenchmarkCaseExtensions
{
    /// <summary>Name of the model.</summary>
    public static string ModelName(this BenchmarkCase benchmark) => (string)benchmark.Parameters[nameof(MainJob.Model)];

    /// <summary>Name of the format.</summary>
    public static string FormatName(this BenchmarkCase benchmark) => (string)benchmark.Parameters[nameof(MainJob.Format)];

    /// <summary>Name of the kernel or probe of a kernel benchmark.</summary>
    public static string KernelName(this BenchmarkCase benchmark) => benchmark.Descriptor.Type == typeof(DeviceProbes)
        ? DeviceProbes.NameOf(benchmark.Descriptor.WorkloadMethod.Name)
        : (string)benchmark.Parameters[nameof(MatrixKernels.Kernel)];

    /// <summary>Label of the format of a kernel benchmark; null for a probe.</summary>
    public static string? KernelFormat(this BenchmarkCase benchmark) =>
        benchmark.Descriptor.Type == typeof(DeviceProbes) ? null : (string)benchmark.Parameters[nameof(MatrixKernels.Format)];

    /// <summary>True for a kernel benchmark.</summary>
    public static bool IsOfKernels(this BenchmarkCase benchmark) => benchmark.Descriptor.Type == typeof(DeviceProbes) || benchmark.Descriptor.Type == typeof(MatrixKernels);

    /// <summary>True for a benchmark of the main job, false for one of a sweep.</summary>
    public static bool IsMainJob(this BenchmarkCase benchmark) => benchmark.Descriptor.Type == typeof(MainJob);

    /// <summary>The phase that the method of the main job measures.</summary>
    public static Phase Phase(this BenchmarkCase benchmark) => Enum.Parse<Phase>(benchmark.Descriptor.WorkloadMethod.Name);
}
