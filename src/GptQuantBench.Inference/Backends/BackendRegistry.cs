using GptQuantBench.Inference.Backends.Cpu;
using GptQuantBench.Inference.Backends.Cuda;

namespace GptQuantBench.Inference.Backends;

/// <summary>The backends of this build, in the order in which <c>auto</c> tries them.</summary>
public static class BackendRegistry
{
    /// <summary>The name that stands for the first backend that can run.</summary>
    public const string Auto = "auto";

    /// <summary>All of them, fastest first; the CPU is last because it can always run.</summary>
    public static IReadOnlyList<IBackend> All { get; } = [new CudaBackend(), new CpuBackend()];

    /// <summary>The backend of a name that <see cref="Select"/> gave, in whatever process.</summary>
    public static IBackend Find(string name) => All.Single(backend => backend.Name == name);

    /// <summary>The backend of a name.</summary>
    /// <param name="name"><see cref="Auto"/>, <c>cuda</c> or <c>cpu</c>.</param>
    /// <param name="options">The choice of device.</param>
    public static BackendSelection Select(string name, BackendOptions options)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(options);
        bool isAuto = name.Equals(Auto, StringComparison.OrdinalIgnoreCase);
        List<string> reasons = [];
        foreach (IBackend backend in All)
        {
            if (!isAuto && !name.Equals(backend.Name, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            BackendAvailability availability = backend.Probe(options);
            DeviceCheck check = availability.IsAvailable ? backend.Check(options) : new(availability.Reason);
            if (check.Obstacle is null)
            {
                string why = reasons.Count == 0 ? string.Empty : $" ({string.Join(" ", reasons).TrimEnd('.')})";
                string? choice = isAuto ? $"Backend {backend.Name} on {availability.Device}{why}." : null;
                return new(backend, availability.Device, choice is null || check.Notice is null ? choice ?? check.Notice : $"{choice} {check.Notice}", null);
            }

            reasons.Add(check.Obstacle);
        }

        return new(null, null, null, reasons.Count > 0
            ? string.Join(" ", reasons)
            : $"There is no backend '{name}' in this build; choose {Auto} or {string.Join(" or ", All.Select(backend => backend.Name))}.");
    }
}
