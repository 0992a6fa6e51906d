using System.Diagnostics;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Benchmarks.Kernels;

/// <summary>One kernel on one shape as it is now, timed like <see cref="MatrixKernels"/> but in this process and at once: for tuning.</summary>
/// <param name="TimeUs">Samples of one product with the weights out of the caches, microseconds.</param>
/// <param name="GbPerSec">Weight bytes / their median, 1e9 bytes per second.</param>
/// <param name="ReadBandwidthGbPerSec">What the device reads right before, 1e9 bytes per second.</param>
/// <param name="RelativeError">Of the outputs against sums in FP64 (<see cref="IMatrixBench.RelativeError"/>).</param>
/// <param name="IsRight">False where the kernel's outputs are not the product.</param>
internal sealed record KernelTrial(IReadOnlyList<double> TimeUs, double GbPerSec, double ReadBandwidthGbPerSec, double RelativeError, bool IsRight)
{
    private const int Samples = 20;
    private const int BandwidthPasses = 5;
    private const double SecondsPerSample = 0.005;

    /// <summary>Median of the samples.</summary>
    public double MedianUs => SampleStatistics.Median([.. TimeUs])!.Value;

    /// <summary>Spread of the samples.</summary>
    public Spread? Spread => SampleStatistics.SpreadOf([.. TimeUs]);

    /// <summary>Measures.</summary>
    /// <param name="bench">The backend's kernels.</param>
    /// <param name="kernel">Name of one of them.</param>
    /// <param name="layout">Format and shape.</param>
    /// <param name="inputs">Vectors that are multiplied together.</param>
    public static KernelTrial Measure(IKernelBench bench, string kernel, PackedLayout layout, int inputs)
    {
        var rotation = KernelSettings.Rotation(bench.CacheBytes);
        double bandwidth;
        using (var read = bench.CreateReadProbe(rotation))
        {
            bandwidth = ProbeRate.Median(read, BandwidthPasses, pass => pass.BytesPerPass);
        }

        using var matrix = bench.CreateMatrix(kernel, layout, inputs, rotation);
        var error = matrix.RelativeError(inputs);
        var products = (int)Math.Clamp(SecondsPerSample * 1e6 / Time(1), 1, int.MaxValue);
        double[] times = [.. Enumerable.Range(0, Samples).Select(_ => Time(products))];
        return new(times, layout.TotalBytes / SampleStatistics.Median(times)!.Value / 1e3, bandwidth / 1e9, error, error <= bench.LargestError);

        double Time(int count)
        {
            var start = Stopwatch.GetTimestamp();
            var run = matrix.Run(inputs, count, rotates: true);
            return (run.DeviceSeconds ?? Stopwatch.GetElapsedTime(start).TotalSeconds) * 1e6 / run.Products;
        }
    }
}
