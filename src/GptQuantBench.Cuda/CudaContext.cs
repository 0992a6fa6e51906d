using System.Diagnostics;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>
/// A device's primary context, retained. What is made in it (modules, streams, events, memory) holds it too, so the order of disposal
/// does not matter. Constructors and <c>Dispose</c> make the context current by themselves; launches, copies, fills, event and stream
/// calls need it current on their thread: <see cref="MakeCurrent"/> once, or a scope of <see cref="Use"/>.
/// </summary>
public sealed unsafe class CudaContext : IDisposable
{
    /// <summary>Retains the primary context, making it if nobody has; it is current nowhere yet.</summary>
    /// <exception cref="CudaException">The device is unavailable or full.</exception>
    public CudaContext(CudaDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        Device = device;
        long start = Stopwatch.GetTimestamp();
        nint context;
        CudaResult result = ContextNative.cuDevicePrimaryCtxRetain(&context, device.NativeDevice);
        if (result != CudaResult.Success)
        {
            const string Call = nameof(ContextNative.cuDevicePrimaryCtxRetain);
            throw DriverError.Create(result, Call, DriverError.Describe(result) + Advice(result, device.Name));
        }

        CreationTime = Stopwatch.GetElapsedTime(start);
        Handle = new ContextHandle(context, device.NativeDevice, new ContextCalls());
    }

    /// <summary>The device.</summary>
    public CudaDevice Device { get; }

    /// <summary>Wall time that retaining took: hundreds of milliseconds if the context had to be made.</summary>
    public TimeSpan CreationTime { get; }

    internal ContextHandle Handle { get; }

    /// <summary>Makes the context current on the calling thread, for good.</summary>
    public void MakeCurrent() => DriverError.Check(ContextNative.cuCtxSetCurrent(Handle.Value));

    /// <summary>Makes the context current on the calling thread until the scope is disposed.</summary>
    public CudaContextScope Use() => new(Handle);

    /// <summary>Waits until the device has done all work of this context.</summary>
    /// <exception cref="CudaException">Work failed, e.g. a kernel faulted.</exception>
    public void Synchronize()
    {
        using CudaContextScope scope = Use();
        DriverError.Check(ContextNative.cuCtxSynchronize());
    }

    /// <summary>
    /// Makes what loads have marked to stay in the L2 cache (<c>evict_last</c>) like all that is in it. For clean-up, so it does not throw;
    /// wait for the work first that marks it.
    /// </summary>
    /// <returns>Whether the driver did it: not after a fault, on a device that cannot, or once the context was disposed.</returns>
    public bool TryResetPersistingL2Cache()
    {
        if (Handle.IsClosed || Handle.Calls.Push(Handle.Value) != CudaResult.Success)
        {
            return false;
        }

        CudaResult result = ContextNative.cuCtxResetPersistingL2Cache();
        Handle.Calls.Pop();
        return result == CudaResult.Success;
    }

    /// <summary>Free and total memory of the device (<c>cuMemGetInfo</c>).</summary>
    public CudaMemoryInfo GetMemoryInfo()
    {
        using CudaContextScope scope = Use();
        nuint free;
        nuint total;
        DriverError.Check(MemoryNative.cuMemGetInfo_v2(&free, &total));
        return new CudaMemoryInfo((long)free, (long)total);
    }

    /// <summary>Gives this owner's hold on the context back.</summary>
    public void Dispose() => Handle.Dispose();

    private static string Advice(CudaResult result, string device) => result switch
    {
        CudaResult.DeviceUnavailable =>
            $" because another program holds {device} for itself (exclusive compute mode) or it is closed to programs, so wait for it or choose another device",
        CudaResult.OutOfMemory => $" because {device} has no room for another context, so end other programs on the GPU",
        _ => "",
    };
}
