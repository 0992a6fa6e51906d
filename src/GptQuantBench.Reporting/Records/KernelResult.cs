using GptQuantBench.Reporting.Figures;

namespace GptQuantBench.Reporting.Records;

/// <summary>One kernel on one shape, or a probe of what the device reaches at most. A figure that was not measured is null.</summary>
public sealed record KernelResult
{
    /// <summary>Name of the probe that reads memory.</summary>
    public const string ReadMemory = "read_memory";

    /// <summary>Name of the probe that multiplies and adds in registers.</summary>
    public const string MultiplyAdd = "multiply_add";

    /// <summary>Name of the kernel.</summary>
    public required string Kernel { get; init; }

    /// <summary>False: the kernel failed and <see cref="Error"/> says why.</summary>
    public required bool Success { get; init; }

    /// <summary>Why the kernel failed, one sentence; null where it did not.</summary>
    public string? Error { get; init; }

    /// <summary>What tables show for the format.</summary>
    public string? Quantization { get; init; }

    /// <summary>Complete name of the format.</summary>
    public string? Format { get; init; }

    /// <summary>What computed: <c>cuda</c> or <c>cpu</c>.</summary>
    public string? Backend { get; init; }

    /// <summary>Name of the device that computed.</summary>
    public string? Device { get; init; }

    /// <summary>Outputs of the matrix.</summary>
    public int? Rows { get; init; }

    /// <summary>Inputs of the matrix.</summary>
    public int? Columns { get; init; }

    /// <summary>Vectors that are multiplied together.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Median time of one product with the weights out of the caches, or of one pass of a probe, microseconds.</summary>
    public double? TimeUs { get; init; }

    /// <summary>Weight bytes / time, 1e9 bytes per second.</summary>
    public double? GbPerSec { get; init; }

    /// <summary><see cref="GbPerSec"/> / <see cref="ReadBandwidthGbPerSec"/>.</summary>
    public double? BandwidthFraction { get; init; }

    /// <summary>Median time of one product with the weights in the largest cache, microseconds; null where they do not fit.</summary>
    public double? WarmTimeUs { get; init; }

    /// <summary>Weight bytes / <see cref="WarmTimeUs"/>, 1e9 bytes per second.</summary>
    public double? WarmGbPerSec { get; init; }

    /// <summary>Floating-point operations / time, 1e9 per second; a multiplication with an addition counts as two.</summary>
    public double? GflopPerSec { get; init; }

    /// <summary><see cref="GflopPerSec"/> / <see cref="MultiplyAddGflopPerSec"/>.</summary>
    public double? ArithmeticFraction { get; init; }

    /// <summary>Read bandwidth measured in the same process right before the shape, 1e9 bytes per second.</summary>
    public double? ReadBandwidthGbPerSec { get; init; }

    /// <summary>Multiply-adds in registers measured in the same process, 1e9 operations per second.</summary>
    public double? MultiplyAddGflopPerSec { get; init; }

    /// <summary>Median time of the strongest FP16 kernel of the run for the same shape and batch, microseconds.</summary>
    public double? Fp16TimeUs { get; init; }

    /// <summary>The raw samples behind <see cref="TimeUs"/>, one list per process.</summary>
    public IReadOnlyList<IReadOnlyList<double>>? SamplesUs { get; init; }

    /// <summary>The raw samples behind <see cref="WarmTimeUs"/>, one list per process.</summary>
    public IReadOnlyList<IReadOnlyList<double>>? WarmSamplesUs { get; init; }

    /// <summary>Spread of <see cref="SamplesUs"/>.</summary>
    public Spread? SpreadUs => SampleStatistics.SpreadOf(SampleStatistics.Flatten(SamplesUs));
}
