namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>The calls that starting the driver takes.</summary>
internal interface IDriverCalls
{
    /// <summary>Loads the library.</summary>
    /// <exception cref="CudaLibraryException">It is not there.</exception>
    void Load();

    /// <summary><c>cuInit</c>.</summary>
    CudaResult Init();

    /// <summary><c>cuDriverGetVersion</c>.</summary>
    CudaResult GetVersion(out int version);

    /// <summary><c>cuDeviceGetCount</c>.</summary>
    CudaResult GetDeviceCount(out int count);

    /// <summary>The driver's words for a status.</summary>
    string Describe(CudaResult result);
}
