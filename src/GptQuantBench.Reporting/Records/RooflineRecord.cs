namespace GptQuantBench.Reporting.Records;

/// <summary>How near one token at batch 1 is to the time that memory bandwidth allows.</summary>
public sealed record RooflineRecord
{
    /// <summary>Bytes that one token must read.</summary>
    public long? BytesPerToken { get; init; }

    /// <summary>Read bandwidth measured in the same run, 1e9 bytes per second.</summary>
    public double? ReadBandwidthGbPerSec { get; init; }

    /// <summary>Bytes / bandwidth, microseconds.</summary>
    public double? FloorUs { get; init; }

    /// <summary>Floor / mean inter-token latency: 1 where nothing but reading takes time.</summary>
    public double? Fraction { get; init; }

    /// <summary>Kernels, copies and fills that the device runs for one token, counted; null where the host computes.</summary>
    public int? LaunchesPerToken { get; init; }

    /// <summary>Time that the host needs to queue one token's work, microseconds.</summary>
    public double? HostUsPerToken { get; init; }

    /// <summary>The roofline of a case; what needs a missing input stays null.</summary>
    /// <param name="bytesPerToken">Bytes that one token must read.</param>
    /// <param name="readBandwidthGbPerSec">Measured read bandwidth, 1e9 bytes per second.</param>
    /// <param name="interTokenMs">Mean inter-token latency, milliseconds.</param>
    public static RooflineRecord Of(long? bytesPerToken, double? readBandwidthGbPerSec, double? interTokenMs)
    {
        // 1e9 bytes per second are 1e3 bytes per microsecond.
        double? floorUs = Figures.Ratio.Of(bytesPerToken, readBandwidthGbPerSec * 1e3);
        return new RooflineRecord
        {
            BytesPerToken = bytesPerToken,
            ReadBandwidthGbPerSec = readBandwidthGbPerSec,
            FloorUs = floorUs,
            Fraction = Figures.Ratio.Of(floorUs, interTokenMs * 1e3),
        };
    }
}
