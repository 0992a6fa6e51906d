namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>The calls that releasing things of a context takes.</summary>
internal interface IContextCalls
{
    /// <summary>Makes a context current on the calling thread, on top of the one before.</summary>
    CudaResult Push(nint context);

    /// <summary>Takes the current context off again.</summary>
    CudaResult Pop();

    /// <summary>Gives a device's primary context back.</summary>
    CudaResult Release(int device);
}
