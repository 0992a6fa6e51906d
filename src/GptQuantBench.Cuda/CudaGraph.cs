using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>Work recorded from a stream (<see cref="CudaStream.EndCapture"/>).</summary>
public sealed unsafe class CudaGraph : IDisposable
{
    private readonly ContextObjectHandle _handle;

    internal CudaGraph(CudaContext context, nint graph)
    {
        Context = context;
        _handle = new ContextObjectHandle(graph, context.Handle, typeof(CudaGraph), GraphNative.cuGraphDestroy);
    }

    /// <summary>The context.</summary>
    public CudaContext Context { get; }

    /// <summary>Number of nodes: launches, copies, fills, events.</summary>
    public int NodeCount
    {
        get
        {
            nuint count;
            DriverError.Check(GraphNative.cuGraphGetNodes(Handle, null, &count));
            return (int)count;
        }
    }

    /// <summary>The native graph (<c>CUgraph</c>).</summary>
    internal nint Handle => _handle.Value;

    /// <summary>Makes an executable form; the graph itself is not needed by it.</summary>
    public CudaGraphExec Instantiate() => new(this);

    /// <summary>Destroys the graph.</summary>
    public void Dispose() => _handle.Dispose();
}
