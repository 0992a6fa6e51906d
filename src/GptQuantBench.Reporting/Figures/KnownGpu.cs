namespace GptQuantBench.Reporting.Figures;

/// <summary>A GPU whose memory bandwidth its vendor publishes.</summary>
/// <param name="Name">As tables show it.</param>
/// <param name="BandwidthGbPerSec">Memory bandwidth, 1e9 bytes per second.</param>
public sealed record KnownGpu(string Name, double BandwidthGbPerSec)
{
    /// <summary>
    /// Bandwidths from NVIDIA's publications: RTX 4090 from "NVIDIA Ada GPU Architecture" (whitepaper, appendix A: 1008 GB/s); L40S,
    /// A100 80GB SXM, H100 SXM and H200 from the data sheets of those names (864, 2039, 3350 and 4800 GB/s).
    /// </summary>
    public static IReadOnlyList<KnownGpu> All { get; } =
    [
        new("L40S", 864),
        new("RTX 4090", 1008),
        new("A100 80GB", 2039),
        new("H100 SXM", 3350),
        new("H200", 4800),
    ];
}
