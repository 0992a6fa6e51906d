using BenchmarkDotNet.Reports;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Kernels;
using GptQuantBench.Diagnosers;
using GptQuantBench.Inference.Quantization;
using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Exporters;

/// <summary>Makes a report's rows of what a kernel benchmark left: BenchmarkDotNet's times and the processes' records.</summary>
internal sealed class KernelBuilder(RunSettings settings)
{
    private readonly RecordStore<KernelRecord> _store = new(settings.RecordDirectory);

    private KernelSettings Kernels => settings.KernelBenchmarks!;

    /// <summary>The rows of a kernel, one for each shape and batch size; one row of a probe.</summary>
    /// <param name="kernel">Name of the kernel or probe.</param>
    /// <param name="format">Label of the format; null for a probe.</param>
    /// <param name="measurements">What BenchmarkDotNet recorded.</param>
    /// <param name="reason">Why rows without times failed, where nothing better is known.</param>
    public IReadOnlyList<KernelResult> Build(string kernel, string? format, IEnumerable<Measurement> measurements, string reason)
    {
        var records = _store.Read(record => record.Kernel == kernel && record.Format == format);
        var times = new PhaseTimes(measurements);
        if (format is null)
        {
            return [Probe(kernel, Samples(records, times, 0, Kernels.Repeats), records, reason)];
        }

        var points = Kernels.Points(kernel, format);
        return
        [
            .. Enumerable.Range(0, points.Count)
                .Where(index => !points[index].IsWarm)
                .Select(index => Product(kernel, format, points, index, records, times, reason)),
        ];
    }

    private KernelResult Product(
        string kernel, string format, IReadOnlyList<KernelPoint> points, int index, IReadOnlyList<KernelRecord> records, PhaseTimes times, string reason)
    {
        var point = points[index];
        var layout = KernelSettings.Layout(format);
        var samples = Samples(records, times, index, Kernels.Iterations);
        var warm = points.Count > index + 1 && points[index + 1].IsWarm ? Samples(records, times, index + 1, Kernels.Iterations) : [];
        var row = Row(kernel, samples, index, records, reason) with
        {
            Quantization = QuantizationFormat.Parse(format).Label,
            Format = layout.Name,
            Rows = point.Shape.Rows,
            Columns = point.Shape.Columns,
            BatchSize = point.BatchSize,
        };
        if (!row.Success)
        {
            return row;
        }

        var bytes = layout.Bytes(point.Shape.Rows, point.Shape.Columns);
        var read = SampleStatistics.Median([.. records.Select(record => record.ReadBandwidth[index] / 1e9)]);
        var arithmetic = SampleStatistics.Median([.. records.Select(record => record.ArithmeticRate / 1e9).OfType<double>()]);
        var warmTime = SampleStatistics.Median(SampleStatistics.Flatten(warm));
        return row with
        {
            GbPerSec = bytes / row.TimeUs / 1e3,
            BandwidthFraction = bytes / row.TimeUs / 1e3 / read,
            WarmTimeUs = warmTime,
            WarmGbPerSec = bytes / warmTime / 1e3,
            GflopPerSec = 2.0 * point.Shape.Rows * point.Shape.Columns * point.BatchSize / row.TimeUs / 1e3,
            ArithmeticFraction = 2.0 * point.Shape.Rows * point.Shape.Columns * point.BatchSize / row.TimeUs / 1e3 / arithmetic,
            ReadBandwidthGbPerSec = read,
            MultiplyAddGflopPerSec = arithmetic,
            WarmSamplesUs = warm.Count > 0 ? warm : null,
        };
    }

    private KernelResult Probe(string kernel, IReadOnlyList<IReadOnlyList<double>> samples, IReadOnlyList<KernelRecord> records, string reason)
    {
        var row = Row(kernel, samples, 0, records, reason);
        return row with
        {
            GbPerSec = records is [.., { BytesPerPass: > 0 and var bytes }] ? bytes / row.TimeUs / 1e3 : null,
            GflopPerSec = records is [.., { OperationsPerPass: > 0 and var operations }] ? operations / row.TimeUs / 1e3 : null,
        };
    }

    private KernelResult Row(
        string kernel, IReadOnlyList<IReadOnlyList<double>> samples, int index, IReadOnlyList<KernelRecord> records, string reason)
    {
        var error = records.Select(process => process.Error ?? process.PointErrors.GetValueOrDefault(index)).FirstOrDefault(text => text is not null)
            ?? (samples.Count == 0 ? reason : null);
        return new KernelResult
        {
            Kernel = kernel,
            Success = error is null,
            Error = error,
            Backend = settings.Backend,
            Device = records is [.., var last] ? last.Device : null,
            TimeUs = error is null ? SampleStatistics.Median(SampleStatistics.Flatten(samples)) : null,
            SamplesUs = error is null ? samples : null,
        };
    }

    /// <summary>Microseconds of one product, process by process: by the device's clock where it has one, else BenchmarkDotNet's.</summary>
    private List<IReadOnlyList<double>> Samples(IReadOnlyList<KernelRecord> records, PhaseTimes times, int index, int calls)
    {
        var hosts = times.SecondsOfPoint(index, Kernels.Repeats, calls);
        List<IReadOnlyList<double>> samples = [];
        foreach (var (host, record) in hosts.Zip(records))
        {
            if (record.Products.TryGetValue(index, out var products) && !record.PointErrors.ContainsKey(index))
            {
                IEnumerable<double> seconds = record.DeviceSeconds.TryGetValue(index, out var device) ? device : host;
                samples.Add([.. seconds.Select(call => call * 1e6 / products)]);
            }
        }

        return samples;
    }
}
