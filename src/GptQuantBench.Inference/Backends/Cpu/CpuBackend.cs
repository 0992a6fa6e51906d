using GptQuantBench.Inference.Backends.Cpu.Kernels;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Memory;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cpu;

/// <summary>Runs models on all cores of the machine with its widest vectors.</summary>
internal sealed class CpuBackend : IBackend
{
    /// <inheritdoc />
    public string Name => "cpu";

    /// <inheritdoc />
    public BackendAvailability Probe(BackendOptions options)
    {
        string? error = Select(options, out _);
        return new(error is null, CpuName.Read(), error);
    }

    /// <inheritdoc />
    public DeviceFacts? Describe(BackendOptions options) => null;

    /// <inheritdoc />
    public DeviceMemory? ReadMemory(BackendOptions options) => null;

    /// <inheritdoc />
    public BackendStartup Start(BackendOptions options, IReadOnlyCollection<PlannedModel> planned) => new(ContextTime: null, JitTime: null);

    /// <inheritdoc />
    public IKernelBench KernelBench(BackendOptions options) => Select(options, out CpuKernel? kernel) is { } error
        ? throw new ModelFormatException(error)
        : new CpuKernelBench(kernel!, !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(CpuKernels.Variable)), options.Decode);

    /// <inheritdoc />
    public string? Refusal(QuantizationFormat format) => null;

    /// <inheritdoc />
    public ILanguageModel Load(OpenedModel model, QuantizationFormat format, BackendOptions options)
    {
        string? error = Select(options, out CpuKernel? kernel);
        return error is null
            ? new CpuLanguageModel(model, format, kernel!, CpuDecodePath.Require(options.Decode, format), new MemoryLedger())
            : throw new ModelFormatException(error);
    }

    private static string? Select(BackendOptions options, out CpuKernel? kernel)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (CpuDecodePath.FindError(options.Decode) is { } unknown)
        {
            kernel = null;
            return unknown;
        }

        CpuKernels.TrySelect(Environment.GetEnvironmentVariable(CpuKernels.Variable), out kernel, out string? error);
        return error;
    }
}
