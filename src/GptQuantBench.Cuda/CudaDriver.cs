using System.Diagnostics.CodeAnalysis;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>The CUDA driver. Nothing is loaded until a member is used.</summary>
public static class CudaDriver
{
    private static readonly DriverStart _start = new(new DriverCalls());

    /// <summary>CUDA version that the driver supports.</summary>
    /// <exception cref="CudaLibraryException">The driver is missing or too old.</exception>
    /// <exception cref="CudaException">No device is usable.</exception>
    public static CudaVersion Version
    {
        get
        {
            Initialize();
            return _start.Version;
        }
    }

    /// <summary>Devices that the driver shows; 0 where it cannot be initialised.</summary>
    public static int DeviceCount => TryInitialize(out _) ? _start.DeviceCount : 0;

    /// <summary>Loads and initialises the driver (<c>cuInit</c>). Makes no context.</summary>
    /// <param name="reason">Why the driver is not usable, in one sentence; null where it is.</param>
    /// <returns>Whether at least one device is usable.</returns>
    public static bool TryInitialize([NotNullWhen(false)] out string? reason)
    {
        reason = _start.Try()?.Message;
        return reason is null;
    }

    /// <summary>Loads and initialises the driver; cheap once it has been.</summary>
    /// <exception cref="CudaLibraryException">The driver is missing or too old.</exception>
    /// <exception cref="CudaException">No device is usable.</exception>
    public static void Initialize()
    {
        if (_start.Try() is { } error)
        {
            throw error;
        }
    }

    /// <summary>Throws where the driver is older than a call needs.</summary>
    internal static void Require(CudaVersion version, string call)
    {
        if (_start.Version < version)
        {
            throw new CudaLibraryException(
                $"{call} needs a driver for CUDA {version}, but this one supports {_start.Version} at most, so update the NVIDIA driver.");
        }
    }
}
