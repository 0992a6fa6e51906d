using GptQuantBench.Commands;
using GptQuantBench.Inference.Backends;
using GptQuantBench.Reporting.Records;

namespace GptQuantBench.Exporters;

/// <summary>Describes the machine and the command of a run.</summary>
internal static class RunMetadataFactory
{
    /// <summary>The metadata at the start of a run.</summary>
    public static RunMetadata Create(
        DateTimeOffset startedAt, IReadOnlyList<string> arguments, bool inProcess, IReadOnlyList<string> notices, DeviceFacts? device) => new()
        {
            Gpu = device?.Name,
            CudaVersion = device?.RuntimeVersion,
            TotalVramGb = device?.MemoryBytes / 1e9,
            Driver = device?.Driver,
            Clocks = device is null ? null : Clocks(device),
            ToolVersion = ToolVersion.Text,
            Commit = ToolVersion.Commit,
            StartedAt = startedAt,
            CommandLine = string.Join(' ', arguments.Select(Quoted)),
            Host = MachineFacts.Host,
            Toolchain = inProcess ? ToolchainKind.InProcess : ToolchainKind.OutOfProcess,
            Notices = notices,
        };

    /// <summary>The clocks of a device as a report names them.</summary>
    public static ClockRecord Clocks(DeviceFacts device) => new()
    {
        SmMhz = device.Clock,
        MaxSmMhz = device.MaxClock,
        MemoryMhz = device.MemoryClock,
        MaxMemoryMhz = device.MaxMemoryClock,
    };

    private static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsLetterOrDigit(c) || "-_.,/:=+".Contains(c)) ? argument : $"'{argument}'";
}
