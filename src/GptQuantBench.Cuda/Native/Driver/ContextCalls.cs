namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>The driver of this machine.</summary>
internal sealed unsafe class ContextCalls : IContextCalls
{
    /// <inheritdoc />
    public CudaResult Push(nint context) => ContextNative.cuCtxPushCurrent_v2(context);

    /// <inheritdoc />
    public CudaResult Pop()
    {
        nint popped;
        return ContextNative.cuCtxPopCurrent_v2(&popped);
    }

    /// <inheritdoc />
    public CudaResult Release(int device) => ContextNative.cuDevicePrimaryCtxRelease_v2(device);
}
