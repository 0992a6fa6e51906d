using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Benchmarks;

/// <summary>A device that this process cannot use any more because a case faulted on it; with <c>--inProcess</c> later cases need it.</summary>
internal sealed class LostDevice
{
    private static LostDevice? _current;

    private readonly string _backend;
    private readonly int _device;
    private readonly PhaseRecord _phase;
    private string? _kernel;

    private LostDevice(RunSettings settings, PhaseRecord phase)
    {
        _backend = settings.Backend;
        _device = settings.Device;
        _phase = phase;
    }

    /// <summary>Why other cases on the device cannot run, in one sentence.</summary>
    public string Consequence =>
        $"This case cannot run because {_phase.Model} {QuantizationFormat.Parse(_phase.Format).Label} faulted in {_phase.Phase}"
        + $"{(_kernel is null ? "" : $" (kernel {_kernel})")} and left this process without the GPU; "
        + "leave out --inProcess so that every case has a process of its own, or filter that case out.";

    /// <summary>The loss that the cases of a run meet in this process; null where there is none.</summary>
    public static LostDevice? Of(RunSettings settings) =>
        _current is { } lost && lost._backend == settings.Backend && lost._device == settings.Device ? lost : null;

    /// <summary>Notes that a phase has cost this process its device.</summary>
    public static void Note(RunSettings settings, PhaseRecord phase) => _current ??= new(settings, phase);

    /// <summary>Names the kernel, once it is known.</summary>
    public static void NameKernel(string kernel)
    {
        if (_current is { } lost)
        {
            lost._kernel ??= kernel;
        }
    }
}
