using System.Diagnostics.CodeAnalysis;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>A queue of work on the device.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "The driver's own name.")]
public sealed unsafe class CudaStream : IDisposable
{
    private const uint NonBlocking = 1;
    private const int CaptureStatusActive = 1;

    private readonly ContextObjectHandle _handle;

    /// <summary>Makes a stream.</summary>
    /// <param name="context">The context.</param>
    /// <param name="nonBlocking">True: does not wait for the legacy default stream.</param>
    /// <param name="priority">Lower numbers go first; clamped by the driver to <see cref="GetPriorityRange"/>.</param>
    public CudaStream(CudaContext context, bool nonBlocking = true, int priority = 0)
    {
        ArgumentNullException.ThrowIfNull(context);
        Context = context;
        using CudaContextScope scope = context.Use();
        nint stream;
        DriverError.Check(StreamNative.cuStreamCreateWithPriority(&stream, nonBlocking ? NonBlocking : 0, priority));
        _handle = new ContextObjectHandle(stream, context.Handle, typeof(CudaStream), StreamNative.cuStreamDestroy_v2);
    }

    /// <summary>The context.</summary>
    public CudaContext Context { get; }

    /// <summary>The priority that the driver took.</summary>
    public int Priority
    {
        get
        {
            int priority;
            DriverError.Check(StreamNative.cuStreamGetPriority(Handle, &priority));
            return priority;
        }
    }

    /// <summary>Whether all work is done; does not wait.</summary>
    /// <exception cref="CudaException">Work failed.</exception>
    public bool IsCompleted
    {
        get
        {
            CudaResult result = StreamNative.cuStreamQuery(Handle);
            if (result is not (CudaResult.Success or CudaResult.NotReady))
            {
                DriverError.Throw(result, nameof(StreamNative.cuStreamQuery));
            }

            return result == CudaResult.Success;
        }
    }

    /// <summary>Whether the stream is being captured.</summary>
    public bool IsCapturing
    {
        get
        {
            int status;
            DriverError.Check(StreamNative.cuStreamIsCapturing(Handle, &status));
            return status == CaptureStatusActive;
        }
    }

    /// <summary>
    /// Whether every launch waits for its end, so that a fault is reported with the kernel's name. Slow, and not while capturing: for
    /// finding a fault that has happened.
    /// </summary>
    public bool SynchronizesLaunches { get; init; }

    /// <summary>The native stream (<c>CUstream</c>).</summary>
    /// <exception cref="ObjectDisposedException">The stream was disposed.</exception>
    internal nint Handle => _handle.Value;

    /// <summary>Priorities that the device tells apart: the least (largest number) and the greatest (smallest number).</summary>
    public static (int Least, int Greatest) GetPriorityRange(CudaContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        using CudaContextScope scope = context.Use();
        int least;
        int greatest;
        DriverError.Check(StreamNative.cuCtxGetStreamPriorityRange(&least, &greatest));
        return (least, greatest);
    }

    /// <summary>Waits until all work is done.</summary>
    /// <exception cref="CudaException">Work failed, e.g. a kernel faulted.</exception>
    public void Synchronize() => DriverError.Check(StreamNative.cuStreamSynchronize(Handle));

    /// <summary>Lets later work of this stream wait for an event of another.</summary>
    public void Wait(CudaEvent cudaEvent)
    {
        ArgumentNullException.ThrowIfNull(cudaEvent);
        DriverError.Check(StreamNative.cuStreamWaitEvent(Handle, cudaEvent.Handle, 0));
    }

    /// <summary>From here on work is recorded into a graph and not run.</summary>
    public void BeginCapture(CudaCaptureMode mode = CudaCaptureMode.ThreadLocal) =>
        DriverError.Check(StreamNative.cuStreamBeginCapture_v2(Handle, mode));

    /// <summary>Ends the capture.</summary>
    /// <returns>What was recorded.</returns>
    /// <exception cref="CudaException">A call made during the capture does not go into a graph; the capture is over.</exception>
    public CudaGraph EndCapture()
    {
        nint graph;
        DriverError.Check(StreamNative.cuStreamEndCapture(Handle, &graph));
        return new CudaGraph(Context, graph);
    }

    /// <summary>After a launch: waits where the stream says so.</summary>
    /// <param name="kernel">What was launched.</param>
    /// <exception cref="CudaKernelFaultException">It faulted.</exception>
    internal void EndLaunch(string kernel)
    {
        if (!SynchronizesLaunches)
        {
            return;
        }

        try
        {
            Synchronize();
        }
        catch (CudaException exception) when (exception.IsContextLost)
        {
            throw new CudaKernelFaultException(kernel, exception);
        }
    }

    /// <summary>Destroys the stream once its work is done; does not wait for it.</summary>
    public void Dispose() => _handle.Dispose();
}
