using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>One reference to a primary context; given back when the owner and everything made in the context are gone.</summary>
internal sealed class ContextHandle : SafeHandle
{
    private readonly int _device;

    public ContextHandle(nint context, int device, IContextCalls calls)
        : base(0, ownsHandle: true)
    {
        _device = device;
        Calls = calls;
        SetHandle(context);
    }

    /// <inheritdoc />
    public override bool IsInvalid => handle == 0;

    /// <summary>The native calls.</summary>
    public IContextCalls Calls { get; }

    /// <summary>The native context (<c>CUcontext</c>).</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public nint Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, typeof(CudaContext));
            return handle;
        }
    }

    /// <inheritdoc />
    protected override bool ReleaseHandle() => Calls.Release(_device) == CudaResult.Success;
}
