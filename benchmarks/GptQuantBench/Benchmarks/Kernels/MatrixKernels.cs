using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Benchmarks.Kernels;

/// <summary>
/// Matrix products by one kernel on one format: every shape and batch size, with the weights out of the caches and, where one cache holds
/// them, in it. Right before each shape the device's read bandwidth is measured in the same process.
/// </summary>
public class MatrixKernels : PointBenchmark<KernelPoint>
{
    // Long against what starting a call costs, short against what disturbs a machine.
    private const double SecondsPerCall = 0.02;
    private const int MostProducts = 4096;
    private const int BandwidthPasses = 5;
    private const int ArithmeticPasses = 5;

    private readonly Dictionary<int, int> _products = [];
    private readonly Dictionary<int, List<double>> _deviceSeconds = [];
    private readonly Dictionary<int, double> _bandwidths = [];
    private IKernelBench _bench = null!;
    private IMatrixBench? _matrix;
    private KernelShape? _shape;
    private double _bandwidth;
    private double? _arithmeticRate;

    /// <summary>Name of the kernel.</summary>
    [ParamsSource(typeof(KernelCases), nameof(KernelCases.Kernels))]
    public string Kernel { get; set; } = "";

    /// <summary>Name of the format.</summary>
    [ParamsSource(typeof(KernelCases), nameof(KernelCases.Formats))]
    public string Format { get; set; } = "";

    private KernelSettings Kernels => Settings.KernelBenchmarks!;

    /// <summary>Products of a point, as many as take about 20 ms.</summary>
    [Benchmark]
    public void Multiply() => Run();

    /// <inheritdoc />
    private protected override PointCalls<KernelPoint> Start()
    {
        var backend = BackendRegistry.Find(Settings.Backend);
        backend.Start(Settings.BackendOptions, []);
        _bench = backend.KernelBench(Settings.BackendOptions);
        if (_bench.HasArithmeticProbe)
        {
            using var arithmetic = _bench.CreateArithmeticProbe();
            _arithmeticRate = ProbeRate.Median(arithmetic, ArithmeticPasses, pass => pass.OperationsPerPass);
        }

        return new(Kernels.Points(Kernel, Format), Kernels.Repeats, Kernels.WarmUps);
    }

    /// <inheritdoc />
    private protected override void Prepare(int index, KernelPoint point)
    {
        if (point.Shape != _shape || _matrix is null)
        {
            _matrix?.Dispose();
            _matrix = null;
            _shape = point.Shape;
            using (var read = _bench.CreateReadProbe(Kernels.RotationBytes))
            {
                _bandwidth = ProbeRate.Median(read, BandwidthPasses, pass => pass.BytesPerPass);
            }

            var layout = new PackedLayout(KernelSettings.Layout(Format), point.Shape.Rows, point.Shape.Columns);
            _matrix = _bench.CreateMatrix(Kernel, layout, Kernels.BatchSizes.Max(), Kernels.RotationBytes);
        }

        // The first product also has what only first ones have: code that is not compiled yet, a graph that is not recorded yet.
        _matrix.Run(point.BatchSize, products: 1, rotates: !point.IsWarm);
        var start = Stopwatch.GetTimestamp();
        var run = _matrix.Run(point.BatchSize, products: 1, rotates: !point.IsWarm);
        var seconds = (run.DeviceSeconds ?? Stopwatch.GetElapsedTime(start).TotalSeconds) / run.Products;
        _products[index] = (int)Math.Clamp(SecondsPerCall / seconds, 1, MostProducts);
        _bandwidths[index] = _bandwidth;
    }

    /// <inheritdoc />
    private protected override void EndWarmUp(int index) => _deviceSeconds.Remove(index);

    /// <inheritdoc />
    private protected override void Measure(int index, KernelPoint point)
    {
        var run = _matrix!.Run(point.BatchSize, _products[index], rotates: !point.IsWarm);
        _products[index] = run.Products;
        if (run.DeviceSeconds is { } seconds)
        {
            if (!_deviceSeconds.TryGetValue(index, out var times))
            {
                _deviceSeconds.Add(index, times = []);
            }

            times.Add(seconds);
        }
    }

    /// <inheritdoc />
    private protected override void Fail(string error) => Write(new() { Kernel = Kernel, Format = Format, Error = error });

    /// <inheritdoc />
    private protected override void Finish()
    {
        _matrix?.Dispose();
        Write(new()
        {
            Kernel = Kernel,
            Format = Format,
            PointErrors = PointErrors,
            Device = BackendRegistry.Find(Settings.Backend).Probe(Settings.BackendOptions).Device,
            Products = _products,
            DeviceSeconds = _deviceSeconds,
            ReadBandwidth = _bandwidths,
            ArithmeticRate = _arithmeticRate,
        });
    }

    private void Write(KernelRecord record) => new RecordStore<KernelRecord>(Settings.RecordDirectory).Write(record);
}
