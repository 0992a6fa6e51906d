using System.Diagnostics;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Reports;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Kernels;
using GptQuantBench.Commands;
using GptQuantBench.Exporters;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Tests.Kernels;

/// <summary>A kernel benchmark's calls as BenchmarkDotNet makes them, one by one, on matrices of a few kilobytes.</summary>
public sealed class KernelLifeTests : IDisposable
{
    private const int Repeats = 2;

    private static readonly KernelShape _small = new(Columns: 64, Rows: 48);
    private static readonly KernelShape _large = new(Columns: 320, Rows: 96);

    private readonly TemporaryFolder _records = new();
    private readonly string _kernel = BackendRegistry.Find("cpu").KernelBench(new BackendOptions()).MatrixKernelsOf(QuantizationFormat.FourBit)[0];

    [Fact]
    public void EveryProductHasItsTimeItsBytesAndItsShareOfWhatTheDeviceReaches()
    {
        var rows = Build(Run(new MatrixKernels { Kernel = _kernel, Format = "4-bit" }, Settings()));
        Assert.Equal(
            [(64, 48, 1), (64, 48, 3), (320, 96, 1), (320, 96, 3)], rows.Select(row => (row.Columns!.Value, row.Rows!.Value, row.BatchSize!.Value)));
        Assert.All(rows, row =>
        {
            Assert.True(row.Success, row.Error);
            Assert.Equal((_kernel, "4-bit", "int4-g32-sym", "cpu"), (row.Kernel, row.Quantization, row.Format, row.Backend));
            Assert.Equal(Repeats, Assert.Single(row.SamplesUs!).Count);
            Assert.InRange(row.TimeUs!.Value, 0.01, 1e5);
            var bytes = row.Rows!.Value * row.Columns!.Value * 4.5 / 8;
            Assert.Equal(bytes / row.TimeUs.Value / 1e3, row.GbPerSec!.Value, 1e-9);
            Assert.Equal(row.GbPerSec.Value / row.ReadBandwidthGbPerSec!.Value, row.BandwidthFraction!.Value, 1e-9);
            Assert.Equal(2.0 * row.Rows.Value * row.Columns.Value * row.BatchSize!.Value / row.TimeUs.Value / 1e3, row.GflopPerSec!.Value, 1e-9);
            Assert.Equal(row.GflopPerSec.Value / row.MultiplyAddGflopPerSec!.Value, row.ArithmeticFraction!.Value, 1e-9);
            // Only the small matrix fits the cache that the settings name.
            Assert.Equal(row.Columns == 64, row.WarmTimeUs is not null);
            Assert.Equal(row.WarmTimeUs is null, row.WarmSamplesUs is null);
        });
    }

    [Fact]
    public void APointThatFailsIsItsOwnRowAndTheOthersGoOn()
    {
        var rows = Build(Run(new FailingKernels { Kernel = _kernel, Format = "4-bit" }, Settings()));
        Assert.Equal([true, false, true, false], rows.Select(row => row.Success));
        Assert.All(rows.Where(row => !row.Success), row =>
        {
            Assert.Contains("three", row.Error, StringComparison.Ordinal);
            Assert.True(row is { TimeUs: null, GbPerSec: null, SamplesUs: null, BatchSize: 3 });
        });
    }

    [Fact]
    public void AKernelThatNeverRanIsAFailedRowForEachProductWithTheReason()
    {
        Settings().Publish();
        var rows = Build([]);
        Assert.Equal(4, rows.Count);
        Assert.All(rows, row => Assert.Equal("It never ran.", row.Error));
    }

    [Fact]
    public void ProbesSayWhatTheyReach()
    {
        foreach (var (method, setUp, run, cleanUp) in new (string, Action<DeviceProbes>, Action<DeviceProbes>, Action<DeviceProbes>)[]
        {
            ("read_memory", probes => probes.SetUpReadMemory(), probes => probes.ReadMemory(), probes => probes.CleanUpReadMemory()),
            ("multiply_add", probes => probes.SetUpMultiplyAdd(), probes => probes.MultiplyAdd(), probes => probes.CleanUpMultiplyAdd()),
        })
        {
            Settings().Publish();
            DeviceProbes probes = new();
            setUp(probes);
            var measurements = Enumerable.Range(0, Repeats).Select(call => Timed(call, () => run(probes))).ToArray();
            cleanUp(probes);
            var row = Assert.Single(new KernelBuilder(RunSettings.Current).Build(method, format: null, measurements, ""));
            Assert.True(row.Success, row.Error);
            Assert.Equal(method == "read_memory", row.GbPerSec is > 0.1 and < 10_000);
            Assert.Equal(method == "multiply_add", row.GflopPerSec is > 0.1 and < 100_000);
        }
    }

    [Fact]
    public void OnlyKernelsThatRunAFormatHavePointsThere()
    {
        var kernels = Settings().KernelBenchmarks!;
        Assert.Equal(6, kernels.Points(_kernel, "4-bit").Count);
        Assert.Empty(kernels.Points("other", "4-bit"));
        Assert.Empty(kernels.Points(_kernel, "8-bit"));
        Assert.Equal(8, (kernels with { CacheBytes = null }).Points(_kernel, "4-bit").Count);
        Assert.Equal(Repeats * 6, kernels.Iterations);
    }

    [Fact]
    public void TheShortFormHasGpt2AndTheShapeThatOthersQuoteAndTheFullOneEveryModel()
    {
        Assert.Equal(
            ["768x2304", "768x768", "768x3072", "3072x768", "768x50257", "4096x14336"],
            KernelShapes.Short.Select(shape => $"{shape.Columns}x{shape.Rows}"));
        string[] full = [.. KernelShapes.Full.Select(shape => $"{shape.Columns}x{shape.Rows}")];
        Assert.All(["1024x3072", "1280x5120", "6400x1600", "1600x50257", "4096x1024", "14336x4096", "4096x32000"], shape => Assert.Contains(shape, full));
        Assert.Equal(full.Length, full.Distinct().Count());
        Assert.Equal(24, full.Length);
    }

    [Fact]
    public void TheEstimateGrowsWithTheWork()
    {
        var few = Settings();
        var many = few with { KernelBenchmarks = few.KernelBenchmarks! with { Shapes = KernelShapes.Full, Repeats = 9 } };
        Assert.True(KernelEstimate.Of(few, _kernel, "4-bit") > TimeSpan.FromSeconds(1));
        Assert.True(KernelEstimate.Of(few, _kernel, "4-bit") < KernelEstimate.Of(many, _kernel, "4-bit"));
        Assert.True(KernelEstimate.Of(few, "read_memory", null) < KernelEstimate.Of(few, _kernel, "4-bit"));
    }

    public void Dispose() => _records.Dispose();

    private static Measurement[] Run(MatrixKernels kernels, RunSettings settings)
    {
        settings.Publish();
        kernels.SetUp();
        List<Measurement> measurements = [];
        for (var call = 0; call < settings.KernelBenchmarks!.Iterations; call++)
        {
            kernels.NextCall();
            measurements.Add(Timed(call, kernels.Multiply));
        }

        kernels.CleanUp();
        return [.. measurements];
    }

    private static Measurement Timed(int call, Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return new Measurement(1, IterationMode.Workload, IterationStage.Result, call + 1, 1, Stopwatch.GetElapsedTime(start).TotalNanoseconds);
    }

    private IReadOnlyList<Reporting.Records.KernelResult> Build(Measurement[] measurements) =>
        new KernelBuilder(RunSettings.Current).Build(_kernel, "4-bit", measurements, "It never ran.");

    private RunSettings Settings() => new()
    {
        Models = [],
        Formats = ["FP16", "4-bit"],
        Backend = "cpu",
        Prompt = "",
        Tokens = 1,
        Temperature = 0,
        TopP = 1,
        Seed = 0,
        RecordDirectory = _records.FullName,
        KernelBenchmarks = new KernelSettings
        {
            Kernels = new Dictionary<string, IReadOnlyList<string>> { ["4-bit"] = [_kernel] },
            Shapes = [_small, _large],
            BatchSizes = [1, 3],
            CacheBytes = 10_000,
            RotationBytes = 100_000,
            HasArithmeticProbe = true,
            Repeats = Repeats,
            WarmUps = 1,
        },
    };

    /// <summary>Fails on batches of three.</summary>
    private sealed class FailingKernels : MatrixKernels
    {
        private protected override void Measure(int index, KernelPoint point)
        {
            if (point.BatchSize == 3)
            {
                throw new InvalidDataException("No three today.");
            }

            base.Measure(index, point);
        }
    }
}
