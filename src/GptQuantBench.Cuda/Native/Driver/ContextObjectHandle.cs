using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary>
/// Something made in a context (a stream, a module, memory): holds the context until it is destroyed, and makes it current for the
/// destruction, which may happen on any thread, the finalizer's too. A failure to destroy is not reported: after a fault on the GPU
/// every call fails, and the driver has already taken everything back.
/// </summary>
internal sealed class ContextObjectHandle : SafeHandle
{
    private readonly ContextHandle _context;
    private readonly nint _contextValue;
    private readonly Type _owner;
    private readonly Func<nint, CudaResult> _destroy;

    /// <param name="value">The native handle or address; not zero.</param>
    /// <param name="context">The context that it was made in.</param>
    /// <param name="owner">The public type, for messages about use after Dispose.</param>
    /// <param name="destroy">Destroys the native object.</param>
    public ContextObjectHandle(nint value, ContextHandle context, Type owner, Func<nint, CudaResult> destroy)
        : base(0, ownsHandle: true)
    {
        bool added = false;
        context.DangerousAddRef(ref added);
        _context = context;
        _contextValue = context.DangerousGetHandle();
        _owner = owner;
        _destroy = destroy;
        SetHandle(value);
    }

    /// <inheritdoc />
    public override bool IsInvalid => handle == 0;

    /// <summary>The native handle.</summary>
    /// <exception cref="ObjectDisposedException">The owner was disposed.</exception>
    public nint Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, _owner);
            return handle;
        }
    }

    /// <inheritdoc />
    protected override bool ReleaseHandle()
    {
        bool current = _context.Calls.Push(_contextValue) == CudaResult.Success;
        bool destroyed = _destroy(handle) == CudaResult.Success;
        if (current)
        {
            _context.Calls.Pop();
        }

        _context.DangerousRelease();
        return destroyed;
    }
}
