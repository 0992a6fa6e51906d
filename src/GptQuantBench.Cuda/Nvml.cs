using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using GptQuantBench.Cuda.Native;
using GptQuantBench.Cuda.Native.Nvml;

namespace GptQuantBench.Cuda;

/// <summary>NVIDIA's management library, started; Dispose shuts it down. Several may be open at once: the library counts.</summary>
public sealed unsafe class Nvml : IDisposable
{
    private const int TextLength = 96;

    private readonly NvmlHandle _handle;

    /// <summary>Loads and starts NVML.</summary>
    /// <exception cref="CudaLibraryException">NVML is not on this machine.</exception>
    /// <exception cref="NvmlException">It cannot start.</exception>
    public Nvml()
    {
        NativeLibraryResolver.Nvml.Load();
        NvmlError.Check(NvmlNative.nvmlInit_v2());
        _handle = new NvmlHandle(NvmlNative.nvmlShutdown);
    }

    /// <summary>Version of the driver, e.g. <c>580.65.06</c>.</summary>
    public string DriverVersion
    {
        get
        {
            Require();
            byte* text = stackalloc byte[TextLength];
            NvmlError.Check(NvmlNative.nvmlSystemGetDriverVersion(text, TextLength));
            return Marshal.PtrToStringUTF8((nint)text)!;
        }
    }

    /// <summary>Starts NVML where it can.</summary>
    /// <param name="nvml">NVML; null where it cannot be used.</param>
    /// <param name="reason">Why not, in one sentence; null where it can.</param>
    public static bool TryOpen([NotNullWhen(true)] out Nvml? nvml, [NotNullWhen(false)] out string? reason)
    {
        try
        {
            nvml = new Nvml();
            reason = null;
            return true;
        }
        catch (Exception e) when (e is CudaLibraryException or NvmlException)
        {
            nvml = null;
            reason = e.Message;
            return false;
        }
    }

    /// <summary>The device at a PCI address (<see cref="CudaDevice.PciBusId"/>); ordinals of CUDA and NVML may differ.</summary>
    /// <exception cref="NvmlException">No device is there, or this process may not see it.</exception>
    public NvmlDevice GetDevice(string pciBusId)
    {
        ArgumentNullException.ThrowIfNull(pciBusId);
        Require();
        nint device;
        fixed (byte* text = Encoding.UTF8.GetBytes(pciBusId + '\0'))
        {
            NvmlError.Check(NvmlNative.nvmlDeviceGetHandleByPciBusId_v2(text, &device));
        }

        return new NvmlDevice(this, device);
    }

    /// <summary>Shuts NVML down.</summary>
    public void Dispose() => _handle.Dispose();

    /// <summary>Throws after Dispose.</summary>
    internal void Require() => ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
}
