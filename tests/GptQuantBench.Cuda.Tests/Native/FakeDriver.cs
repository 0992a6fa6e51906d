using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda.Tests.Native;

/// <summary>A driver that answers what a test wants.</summary>
internal sealed class FakeDriver : IDriverCalls
{
    public CudaLibraryException? Missing { get; set; }

    public CudaResult InitResult { get; set; }

    public int Version { get; set; } = 13000;

    public int DeviceCount { get; set; } = 2;

    public int InitCalls { get; private set; }

    public void Load()
    {
        if (Missing is not null)
        {
            throw Missing;
        }
    }

    public CudaResult Init()
    {
        InitCalls++;
        return InitResult;
    }

    public CudaResult GetVersion(out int version)
    {
        version = Version;
        return CudaResult.Success;
    }

    public CudaResult GetDeviceCount(out int count)
    {
        count = DeviceCount;
        return CudaResult.Success;
    }

    public string Describe(CudaResult result) => $"CUDA_ERROR_{(int)result} (words)";
}
