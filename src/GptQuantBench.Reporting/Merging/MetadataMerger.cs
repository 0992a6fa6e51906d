using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Merging;

/// <summary>What several runs' metadata have in common.</summary>
internal static class MetadataMerger
{
    /// <summary>Where all agree, the value; the first start and the last end; all notices.</summary>
    public static RunMetadata Common(IReadOnlyList<RunMetadata> all) => new()
    {
        Gpu = Same(all, metadata => metadata.Gpu),
        CudaVersion = Same(all, metadata => metadata.CudaVersion),
        TotalVramGb = Same(all, metadata => metadata.TotalVramGb),
        ToolVersion = Same(all, metadata => metadata.ToolVersion),
        Commit = Same(all, metadata => metadata.Commit),
        StartedAt = all.Min(metadata => metadata.StartedAt),
        FinishedAt = all.Any(metadata => metadata.FinishedAt is null) ? null : all.Max(metadata => metadata.FinishedAt),
        CommandLine = Same(all, metadata => metadata.CommandLine),
        Host = Same(all, metadata => metadata.Host),
        Driver = Same(all, metadata => metadata.Driver),
        Clocks = Same(all, metadata => metadata.Clocks),
        Toolchain = Same(all, metadata => metadata.Toolchain),
        Smoke = Same(all, metadata => metadata.Smoke),
        ReadBandwidthGbPerSec = Same(all, metadata => metadata.ReadBandwidthGbPerSec),
        ReadBandwidthBufferBytes = Same(all, metadata => metadata.ReadBandwidthBufferBytes),
        Notices = [.. all.SelectMany(metadata => metadata.Notices).Distinct()],
    };

    private static T? Same<T>(IReadOnlyList<RunMetadata> all, Func<RunMetadata, T?> value)
    {
        T? first = value(all[0]);
        return all.All(metadata => EqualityComparer<T?>.Default.Equals(value(metadata), first)) ? first : default;
    }
}
