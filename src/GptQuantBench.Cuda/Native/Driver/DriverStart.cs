namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>Starts the driver once; a failure is tried again at the next call.</summary>
internal sealed class DriverStart(IDriverCalls calls)
{
    /// <summary><c>cuGraphInstantiateWithFlags</c> is the newest call that everything needs.</summary>
    public static readonly CudaVersion Oldest = new(11, 4);

    private readonly Lock _lock = new();
    private bool _started;

    /// <summary>CUDA version that the driver supports; 0.0 before a start.</summary>
    public CudaVersion Version { get; private set; }

    /// <summary>Usable devices; 0 before a start.</summary>
    public int DeviceCount { get; private set; }

    /// <summary>Starts the driver; the error to throw or tell where it cannot, else null.</summary>
    public Exception? Try()
    {
        lock (_lock)
        {
            if (_started)
            {
                return null;
            }

            try
            {
                calls.Load();
            }
            catch (CudaLibraryException e)
            {
                return e;
            }

            CudaResult result = calls.Init();
            if (result != CudaResult.Success)
            {
                return Failure("cuInit", result);
            }

            result = calls.GetVersion(out int version);
            if (result != CudaResult.Success)
            {
                return Failure("cuDriverGetVersion", result);
            }

            CudaVersion supported = CudaVersion.FromNumber(version);
            if (supported < Oldest)
            {
                return new CudaLibraryException(
                    $"The NVIDIA driver supports CUDA {supported} at most, but {Oldest} is needed, so update the driver.");
            }

            result = calls.GetDeviceCount(out int count);
            if (result != CudaResult.Success)
            {
                return Failure("cuDeviceGetCount", result);
            }

            if (count == 0)
            {
                return Failure("cuDeviceGetCount", CudaResult.NoDevice);
            }

            (Version, DeviceCount, _started) = (supported, count, true);
            return null;
        }
    }

    private CudaException Failure(string call, CudaResult result)
    {
        string advice = result switch
        {
            CudaResult.NoDevice => "so check that the machine has an NVIDIA GPU and that CUDA_VISIBLE_DEVICES does not hide it",
            CudaResult.StubLibrary => "so take the toolkit's stubs folder out of LD_LIBRARY_PATH",
            CudaResult.SystemDriverMismatch or CudaResult.CompatNotSupportedOnDevice =>
                "so restart the machine or make the driver's libraries match its kernel module",
            _ => "so check the NVIDIA driver with nvidia-smi",
        };
        return new CudaException($"No CUDA device is usable: {call} failed with {calls.Describe(result)}, {advice}.", call, result);
    }
}
