namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>The driver of this machine.</summary>
internal sealed unsafe class DriverCalls : IDriverCalls
{
    /// <inheritdoc />
    public void Load() => NativeLibraryResolver.Driver.Load();

    /// <inheritdoc />
    public CudaResult Init() => DriverNative.cuInit(0);

    /// <inheritdoc />
    public CudaResult GetVersion(out int version)
    {
        int value;
        CudaResult result = DriverNative.cuDriverGetVersion(&value);
        version = value;
        return result;
    }

    /// <inheritdoc />
    public CudaResult GetDeviceCount(out int count)
    {
        int value;
        CudaResult result = DeviceNative.cuDeviceGetCount(&value);
        count = value;
        return result;
    }

    /// <inheritdoc />
    public string Describe(CudaResult result) => DriverError.Describe(result);
}
