using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Benchmarks.Kernels;

/// <summary>The kernel benchmarks of a run; part of the run's settings, so that host and benchmark processes count points alike.</summary>
public sealed record KernelSettings
{
    private const long LeastRotationBytes = 200_000_000;
    private const int CachesPerRotation = 4;

    /// <summary>Names of the matrix-product kernels by label of the format that they are timed in.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Kernels { get; init; }

    /// <summary>The shapes.</summary>
    public required IReadOnlyList<KernelShape> Shapes { get; init; }

    /// <summary>Input vectors that are multiplied together.</summary>
    public required IReadOnlyList<int> BatchSizes { get; init; }

    /// <summary>Bytes of the largest cache; null where it is unknown.</summary>
    public required long? CacheBytes { get; init; }

    /// <summary>Bytes that products read before they come back to the same matrix, so that no cache has it.</summary>
    public required long RotationBytes { get; init; }

    /// <summary>Whether the backend has a loop that multiplies and adds in registers.</summary>
    public required bool HasArithmeticProbe { get; init; }

    /// <summary>Measured calls of a point in each process.</summary>
    public required int Repeats { get; init; }

    /// <summary>Calls of a point before them that are thrown away.</summary>
    public required int WarmUps { get; init; }

    /// <summary>Bytes of a rotation beside a cache: 200 MB, or four times the cache where that is more.</summary>
    public static long Rotation(long? cacheBytes) => Math.Max(LeastRotationBytes, CachesPerRotation * (cacheBytes ?? 0));

    /// <summary>The format that a kernel is timed in: how scales are searched changes no time, and plain rounding packs faster.</summary>
    public static QuantizationFormat Layout(string format) => QuantizationFormat.Parse(format).Layout;

    /// <summary>The points of a kernel on a format, the warm one of a product right behind the cold one; none where it does not run it.</summary>
    public IReadOnlyList<KernelPoint> Points(string kernel, string format) =>
        !Kernels.TryGetValue(format, out var kernels) || !kernels.Contains(kernel)
            ? []
            :
            [
                .. from shape in Shapes
                   from batch in BatchSizes
                   from isWarm in FitsCache(shape, format) ? (bool[])[false, true] : [false]
                   select new KernelPoint(shape, batch, isWarm),
            ];

    /// <summary>Calls that BenchmarkDotNet makes in each process; kernels with fewer points leave the last ones empty.</summary>
    public int Iterations => Repeats * Math.Max(1, Kernels.SelectMany(format => format.Value.Select(kernel => Points(kernel, format.Key).Count)).DefaultIfEmpty(0).Max());

    private bool FitsCache(KernelShape shape, string format) => CacheBytes is null || Layout(format).Bytes(shape.Rows, shape.Columns) <= CacheBytes;
}
