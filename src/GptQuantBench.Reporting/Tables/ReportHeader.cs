using GptQuantBench.Reporting.Figures;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Reporting.Tables;

/// <summary>Where, when and how, as pairs of a name and a value.</summary>
public static class ReportHeader
{
    /// <summary>The title of a printed report.</summary>
    public const string Title = "GPT quantization benchmark";

    /// <summary>What is known, in reading order.</summary>
    public static IReadOnlyList<(string Name, string Value)> Of(RunMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return [.. Facts(metadata).Where(fact => !string.IsNullOrEmpty(fact.Value)).Select(fact => (fact.Name, fact.Value!))];
    }

    private static IEnumerable<(string Name, string? Value)> Facts(RunMetadata metadata)
    {
        HostRecord? host = metadata.Host;
        yield return ("GPU", Join(metadata.Gpu, Unit(metadata.TotalVramGb, "GB")));
        yield return ("Driver", Join(metadata.Driver, metadata.CudaVersion is { } cuda ? $"CUDA {cuda}" : null));
        yield return ("Clocks", Join(
            Unit(metadata.Clocks?.SmMhz, "MHz SM"),
            Unit(metadata.Clocks?.MemoryMhz, "MHz memory")));
        yield return ("CPU", Join(
            host?.Cpu,
            host?.Cores is { } cores ? $"{FigureFormat.Count(cores)} cores" : null,
            Unit(host?.RamGb, "GB")));
        yield return ("System", Join(host?.Os, host?.Runtime));
        yield return ("Bandwidth", Join(
            Unit(metadata.ReadBandwidthGbPerSec, "GB/s read"),
            metadata.ReadBandwidthBufferBytes is { } bytes ? $"over {FigureFormat.Bytes(bytes)}" : null));
        yield return ("Version", Join(metadata.ToolVersion, metadata.Commit is { } commit ? $"commit {commit}" : null));
        yield return ("Cases", metadata.Toolchain switch
        {
            ToolchainKind.OutOfProcess => "each in a process of its own",
            ToolchainKind.InProcess => "all in one process",
            _ => null,
        });
        yield return ("Started", metadata.StartedAt is { } start ? FigureFormat.Moment(start) : null);
        yield return ("Finished", metadata.FinishedAt is { } end
            ? FigureFormat.Moment(end)
            : metadata.StartedAt is null ? null : "not finished");
        yield return ("Command", metadata.CommandLine);
    }

    private static string Join(params string?[] parts) => string.Join(", ", parts.Where(part => !string.IsNullOrEmpty(part)));

    private static string? Unit(double? value, string unit) => value is null ? null : $"{FigureFormat.Number(value)} {unit}";
}
