using BenchmarkDotNet.Running;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Kernels;
using GptQuantBench.Configuration;

namespace GptQuantBench.Commands;

/// <summary>How long kernel benchmarks take, roughly, before anything is measured.</summary>
internal static class KernelEstimate
{
    // A call is filled up to this, and one more is spent on finding out how many products fill it.
    private const double SecondsPerCall = 0.02;

    /// <summary>The time of all benchmarks.</summary>
    public static TimeSpan Of(RunSettings settings, IEnumerable<BenchmarkCase> benchmarks) => benchmarks.Aggregate(
        TimeSpan.Zero, (sum, benchmark) => sum + Of(settings, benchmark.KernelName(), benchmark.KernelFormat()));

    /// <summary>The time of a kernel on a format, or of a probe.</summary>
    public static TimeSpan Of(RunSettings settings, string kernel, string? format)
    {
        var machine = EstimatedMachine.Of(settings.Backend);
        var kernels = settings.KernelBenchmarks!;
        var calls = kernels.Repeats + kernels.WarmUps + 1;
        if (format is null)
        {
            return TimeSpan.FromSeconds(machine.StartSeconds + (calls * SecondsPerCall));
        }

        var layout = KernelSettings.Layout(format);
        double Product(KernelPoint point) => Math.Max(
            layout.Bytes(point.Shape.Rows, point.Shape.Columns) / machine.BytesPerSecond,
            2.0 * point.Shape.Rows * point.Shape.Columns * (point.BatchSize - 1) / machine.FlopsPerSecond);
        double Copies(KernelShape shape) =>
            ((4.0 * shape.Rows * shape.Columns) + (2.0 * kernels.RotationBytes)) / machine.LoadBytesPerSecond;
        return TimeSpan.FromSeconds(
            machine.StartSeconds
            + kernels.Shapes.Sum(Copies)
            + kernels.Points(kernel, format).Sum(point => calls * Math.Max(SecondsPerCall, Product(point))));
    }
}
