using GptQuantBench.Cuda;
using GptQuantBench.Inference.Checkpoints;
using GptQuantBench.Inference.Models;
using GptQuantBench.Inference.Quantization;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Runs models on an NVIDIA GPU of compute capability 8.0 or later.</summary>
internal sealed class CudaBackend : IBackend
{
    private const int LeastCapability = 8;

    /// <inheritdoc />
    public string Name => "cuda";

    /// <inheritdoc />
    public BackendAvailability Probe(BackendOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!CudaDriver.TryInitialize(out string? reason))
        {
            return new(false, null, reason);
        }

        try
        {
            CudaDevice device = CudaDevice.Get(options.Device);
            return device.ComputeCapability.Major < LeastCapability
                ? new(false, device.Name, TooOld(device))
                : !DecodePaths.IsKnown(options.Decode)
                ? new(false, device.Name, DecodePaths.Unknown(options.Decode))
                : new(true, device.Name, null);
        }
        catch (CudaException exception)
        {
            return new(false, null, exception.Message);
        }
    }

    /// <inheritdoc />
    public DeviceCheck Check(BackendOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (DecodePaths.Find(options.Decode) == DecodePath.CuBlas && !CudaBlas.TryLoad(out string? reason))
        {
            return new(reason);
        }

        try
        {
            return CudaRuntime.Check(options);
        }
        catch (Exception exception) when (exception is CudaException or CudaLibraryException)
        {
            return new(exception.Message);
        }
    }

    /// <inheritdoc />
    public IReadOnlyList<string> DecodePathsOf(QuantizationFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        return DecodePaths.Of(format);
    }

    /// <inheritdoc />
    public DeviceFault? FaultOf(Exception exception, BackendOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return exception switch
        {
            CudaKernelFaultException fault => new(fault.Kernel),
            // cuBLAS has words of its own for what the driver calls a fault.
            CudaException cuda when cuda.IsContextLost || CudaRuntime.IsLost(options.Device) => new(Kernel: null),
            _ => null,
        };
    }

    /// <inheritdoc />
    public DeviceFacts? Describe(BackendOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return CudaDeviceReader.Describe(options.Device);
    }

    /// <inheritdoc />
    public DeviceMemory? ReadMemory(BackendOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return CudaDeviceReader.ReadMemory(options.Device);
    }

    /// <inheritdoc />
    public IDeviceMonitor? Monitor(BackendOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return CudaDeviceReader.Monitor(options.Device);
    }

    /// <inheritdoc />
    public BackendStartup Start(BackendOptions options, IReadOnlyCollection<PlannedModel> planned)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(planned);
        return CudaRuntime.Start(options, planned);
    }

    /// <inheritdoc />
    public IKernelBench KernelBench(BackendOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new CudaKernelBench(options);
    }

    /// <inheritdoc />
    public string? Refusal(QuantizationFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        return format.HasEightBitHead
            ? $"The CUDA backend holds all matrices in one format, so it can't run {format.Name}; "
                + $"choose {(format with { HasEightBitHead = false }).Name}, or the CPU backend."
            : null;
    }

    /// <inheritdoc />
    public ILanguageModel Load(OpenedModel model, QuantizationFormat format, BackendOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            CudaDevice device = CudaDevice.Get(options.Device);
            return device.ComputeCapability.Major < LeastCapability
                ? throw new ModelFormatException(TooOld(device))
                : Refusal(model.Resolve(format)) is { } refusal
                ? throw new ModelFormatException(refusal)
                : new CudaLanguageModel(model, format, options);
        }
        catch (CudaLibraryException exception)
        {
            throw new ModelFormatException(exception.Message, exception);
        }
    }

    private static string TooOld(CudaDevice device) =>
        $"{device.Name} has compute capability {device.ComputeCapability}, but {LeastCapability}.0 or later is needed; choose the CPU backend.";
}
