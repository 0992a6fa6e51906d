using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends;

/// <summary>A kind of device that can run models. Stateless; the registry holds one of each.</summary>
public interface IBackend
{
    /// <summary>Name on the command line and in reports: <c>cuda</c> or <c>cpu</c>.</summary>
    string Name { get; }

    /// <summary>Whether the backend can run here; cheap, and leaves no device context behind.</summary>
    BackendAvailability Probe(BackendOptions options);

    /// <summary>
    /// Whether a device that <see cref="Probe"/> found can run models now: starts it, and gives it back, since other processes may be the
    /// ones that use it.
    /// </summary>
    /// <exception cref="Models.ModelFormatException">The options name something that is not there.</exception>
    DeviceCheck Check(BackendOptions options) => new(Obstacle: null);

    /// <summary>The decode paths by name that run a format on this machine, in the order of a sweep; empty where there is only one.</summary>
    IReadOnlyList<string> DecodePathsOf(QuantizationFormat format) => [];

    /// <summary>Whether an exception came of a fault on the device; null where the device is still usable.</summary>
    DeviceFault? FaultOf(Exception exception, BackendOptions options) => null;

    /// <summary>The device, without creating a context on it; null where models live in the host's own memory.</summary>
    DeviceFacts? Describe(BackendOptions options);

    /// <summary>Memory in use on a started device; null where models live in the host's own memory.</summary>
    DeviceMemory? ReadMemory(BackendOptions options);

    /// <summary>Watches power, clocks and temperature of the device; null where nothing tells them.</summary>
    IDeviceMonitor? Monitor(BackendOptions options) => null;

    /// <summary>
    /// Starts the device in this process, so that the first load measures the load alone. Later calls find it started and cost nothing.
    /// </summary>
    /// <param name="options">The device.</param>
    /// <param name="planned">What will be loaded: the kernels for it are compiled now.</param>
    BackendStartup Start(BackendOptions options, IReadOnlyCollection<PlannedModel> planned);

    /// <summary>The single kernels, for benchmarks; takes no memory and no device context yet.</summary>
    /// <exception cref="Models.ModelFormatException">The options name something that is not there.</exception>
    IKernelBench KernelBench(BackendOptions options);

    /// <summary>Why the backend can't run a format, in one sentence for the user; null where it can.</summary>
    string? Refusal(QuantizationFormat format);

    /// <summary>Puts a model's weights onto the device in a format, ready for its first token.</summary>
    /// <exception cref="Models.ModelFormatException">The weights do not fit the configuration, or hold NaN or infinity.</exception>
    ILanguageModel Load(OpenedModel model, QuantizationFormat format, BackendOptions options);
}
