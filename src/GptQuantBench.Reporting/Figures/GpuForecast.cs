using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Figures;

/// <summary>
/// What a case would reach on another GPU if its memory ran at the published bandwidth; a forecast, not a measurement. For a case that
/// ran on a GPU, what its token takes beyond reading (launches, latencies) is taken to be the same there; for one that ran on a CPU
/// nothing is known of that, and the figure is an upper limit.
/// </summary>
public static class GpuForecast
{
    /// <summary>Tokens per second while decoding at batch 1; null where an input is missing.</summary>
    public static double? TokensPerSec(CaseResult result, KnownGpu gpu)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(gpu);
        // 1e9 bytes per second are 1e3 bytes per microsecond.
        double? readUs = result.Roofline?.BytesPerToken / (gpu.BandwidthGbPerSec * 1e3);
        double? beyondUs = IsUpperLimit(result) ? 0 : Math.Max(0, (InterToken.MeanMs(result) * 1e3 - result.Roofline?.FloorUs) ?? double.NaN);
        return Ratio.Of(1e6, readUs + beyondUs);
    }

    /// <summary>True where the forecast is an upper limit.</summary>
    public static bool IsUpperLimit(CaseResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return result.Backend != "cuda";
    }
}
