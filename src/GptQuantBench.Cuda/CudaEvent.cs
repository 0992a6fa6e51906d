using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>A mark in a stream.</summary>
public sealed unsafe class CudaEvent : IDisposable
{
    private const uint BlockingSync = 1;
    private const uint DisableTiming = 2;

    private readonly ContextObjectHandle _handle;

    /// <summary>Makes an event.</summary>
    /// <param name="context">The context.</param>
    /// <param name="timing">Whether it takes the time; without, recording is cheaper.</param>
    /// <param name="blockingSync">Whether <see cref="Synchronize"/> sleeps instead of spinning: less CPU, later wake-up.</param>
    public CudaEvent(CudaContext context, bool timing = true, bool blockingSync = false)
    {
        ArgumentNullException.ThrowIfNull(context);
        using CudaContextScope scope = context.Use();
        nint cudaEvent;
        DriverError.Check(EventNative.cuEventCreate(&cudaEvent, (timing ? 0 : DisableTiming) | (blockingSync ? BlockingSync : 0)));
        _handle = new ContextObjectHandle(cudaEvent, context.Handle, typeof(CudaEvent), EventNative.cuEventDestroy_v2);
    }

    /// <summary>Whether the work before the last record is done; true if nothing was recorded.</summary>
    /// <exception cref="CudaException">Work failed.</exception>
    public bool IsCompleted
    {
        get
        {
            CudaResult result = EventNative.cuEventQuery(Handle);
            if (result is not (CudaResult.Success or CudaResult.NotReady))
            {
                DriverError.Throw(result, nameof(EventNative.cuEventQuery));
            }

            return result == CudaResult.Success;
        }
    }

    /// <summary>The native event (<c>CUevent</c>).</summary>
    internal nint Handle => _handle.Value;

    /// <summary>Device time between two events that have both happened, ms; resolution about 0.5 µs.</summary>
    /// <exception cref="CudaException">An event has no timing, was not recorded, or has not happened yet.</exception>
    public static float ElapsedMilliseconds(CudaEvent start, CudaEvent end)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(end);
        float milliseconds;
        DriverError.Check(EventNative.cuEventElapsedTime(&milliseconds, start.Handle, end.Handle));
        return milliseconds;
    }

    /// <summary>Marks the point that the stream's work has reached.</summary>
    public void Record(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        DriverError.Check(EventNative.cuEventRecord(Handle, stream.Handle));
    }

    /// <summary>Waits until the work before the last record is done.</summary>
    /// <exception cref="CudaException">Work failed.</exception>
    public void Synchronize() => DriverError.Check(EventNative.cuEventSynchronize(Handle));

    /// <summary>Destroys the event.</summary>
    public void Dispose() => _handle.Dispose();
}
