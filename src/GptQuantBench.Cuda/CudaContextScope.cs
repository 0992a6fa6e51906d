using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>A context is current on the calling thread until the scope ends; then the one before is again.</summary>
public readonly ref struct CudaContextScope
{
    private readonly ContextHandle _context;

    internal CudaContextScope(ContextHandle context)
    {
        _context = context;
        CudaResult pushed = context.Calls.Push(context.Value);
        if (pushed != CudaResult.Success)
        {
            DriverError.Throw(pushed, nameof(ContextNative.cuCtxPushCurrent_v2));
        }
    }

    /// <summary>Ends the scope; on the thread that began it.</summary>
    public void Dispose() => _context.Calls.Pop();
}
