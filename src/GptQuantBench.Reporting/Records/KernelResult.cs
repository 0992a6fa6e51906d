namespace GptQuantBench.Reporting.Records;

/// <summary>One kernel on one shape. A figure that was not measured is null.</summary>
public sealed record KernelResult
{
    /// <summary>Name of the kernel.</summary>
    public required string Kernel { get; init; }

    /// <summary>False: the kernel failed and <see cref="Error"/> says why.</summary>
    public required bool Success { get; init; }

    /// <summary>Why the kernel failed, one sentence; null where it did not.</summary>
    public string? Error { get; init; }

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

    /// <summary>Median time of one launch, microseconds.</summary>
    public double? TimeUs { get; init; }

    /// <summary>Bytes read / time, 1e9 bytes per second.</summary>
    public double? GbPerSec { get; init; }

    /// <summary><see cref="GbPerSec"/> / the read bandwidth measured in the same run.</summary>
    public double? BandwidthFraction { get; init; }

    /// <summary>Median time of the strongest FP16 kernel for the same shape, microseconds.</summary>
    public double? Fp16TimeUs { get; init; }
}
