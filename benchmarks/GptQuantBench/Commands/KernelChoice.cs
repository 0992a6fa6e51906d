using System.CommandLine;
using GptQuantBench.Benchmarks;
using GptQuantBench.Benchmarks.Kernels;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Commands;

/// <summary>From <c>--sweeps</c> and the run's formats to its kernel benchmarks.</summary>
internal static class KernelChoice
{
    private const int CpuRepeats = 5;
    private const int CudaRepeats = 20;

    private static readonly int[] _shortBatches = [1];

    // A prompt's length behind the batch sizes, because prompts run through the same products.
    private static readonly int[] _fullBatches = [1, 2, 4, 8, 16, 32, 64, 512];

    /// <summary>The kernel benchmarks; null where the run has none.</summary>
    /// <exception cref="UserErrorException">Options contradict each other, or one has a wrong value.</exception>
    public static KernelSettings? From(ParseResult result, BenchmarkDotNetOptions benchmarkDotNet, RunSettings settings)
    {
        if (!SweepChoice.HasSweeps(result))
        {
            return null;
        }

        var isFull = SweepChoice.IsFull(result);
        var isCuda = settings.Backend == "cuda";
        var bench = BackendRegistry.Find(settings.Backend).KernelBench(settings.BackendOptions);
        var cache = bench.CacheBytes;
        return new KernelSettings
        {
            // On a GPU cuBLAS always stands beside, since FP16 is what all else is compared with.
            Kernels = Kernels(bench, isFull ? settings.Formats : SweepChoice.ShortFormats(settings.Formats), isFull || isCuda ? int.MaxValue : 1),
            Shapes = !isFull ? KernelShapes.Short : isCuda ? [.. KernelShapes.Full, KernelShapes.Large] : KernelShapes.Full,
            BatchSizes = isFull ? _fullBatches : _shortBatches,
            CacheBytes = cache,
            RotationBytes = KernelSettings.Rotation(cache),
            HasArithmeticProbe = bench.HasArithmeticProbe,
            Repeats = SweepChoice.Count(result, benchmarkDotNet["iterationCount"], isCuda ? CudaRepeats : CpuRepeats, 1),
            WarmUps = SweepChoice.Count(result, benchmarkDotNet["warmupCount"], 1, 0),
        };
    }

    /// <summary>The kernel benchmarks as <c>--list</c> needs them: those of the first backend that is there, before any device is started.</summary>
    public static KernelSettings Listed(RunSettings settings)
    {
        var options = new BackendOptions();
        var bench = BackendRegistry.All.First(backend => backend.Probe(options).IsAvailable).KernelBench(options);
        return new KernelSettings
        {
            Kernels = Kernels(bench, SweepChoice.ShortFormats(settings.Formats), int.MaxValue),
            Shapes = [],
            BatchSizes = [],
            CacheBytes = null,
            RotationBytes = 0,
            HasArithmeticProbe = true,
            Repeats = 0,
            WarmUps = 0,
        };
    }

    private static Dictionary<string, IReadOnlyList<string>> Kernels(IKernelBench bench, IReadOnlyList<string> formats, int most) => formats
        .Select(format => (Format: format, Kernels: bench.MatrixKernelsOf(QuantizationFormat.Parse(format))))
        .Where(format => format.Kernels.Count > 0)
        .ToDictionary(format => format.Format, format => (IReadOnlyList<string>)[.. format.Kernels.Take(most)]);
}
