using System.Diagnostics.CodeAnalysis;
using GptQuantBench.Cuda.Native.Driver;

namespace GptQuantBench.Cuda;

/// <summary>A graph that can be launched: the whole recorded work with one call.</summary>
public sealed unsafe class CudaGraphExec : IDisposable
{
    private static readonly CudaVersion _updateVersion = new(12, 0);

    // CUgraphExecUpdateResult, by its numbers.
    private static readonly string[] _updateResults =
    [
        "success", "an error", "another topology", "another node type", "another kernel", "other parameters that cannot change",
        "a change that is not supported", "a function that changed in an unsupported way", "attributes that cannot change",
    ];

    private readonly ContextObjectHandle _handle;

    /// <summary>Makes the executable form of a graph.</summary>
    public CudaGraphExec(CudaGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        using CudaContextScope scope = graph.Context.Use();
        nint graphExec;
        DriverError.Check(GraphNative.cuGraphInstantiateWithFlags(&graphExec, graph.Handle, 0));
        _handle = new ContextObjectHandle(graphExec, graph.Context.Handle, typeof(CudaGraphExec), GraphNative.cuGraphExecDestroy);
    }

    private nint Handle => _handle.Value;

    /// <summary>Queues the whole graph. Launches of one executable graph run one after the other.</summary>
    public void Launch(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        DriverError.Check(GraphNative.cuGraphLaunch(Handle, stream.Handle));
    }

    /// <summary>Brings the graph to the device, so that the first launch is as fast as the others.</summary>
    public void Upload(CudaStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        DriverError.Check(GraphNative.cuGraphUpload(Handle, stream.Handle));
    }

    /// <summary>Takes the parameters of a newly captured graph of the same topology, which is much cheaper than instantiating it.</summary>
    /// <param name="graph">The graph with the new parameters.</param>
    /// <param name="reason">Why not, where it does not fit.</param>
    /// <returns>False where the graph differs in more than parameters: instantiate it instead.</returns>
    /// <exception cref="CudaLibraryException">The driver is older than CUDA 12.0.</exception>
    public bool TryUpdate(CudaGraph graph, [NotNullWhen(false)] out string? reason)
    {
        ArgumentNullException.ThrowIfNull(graph);
        CudaDriver.Require(_updateVersion, nameof(GraphNative.cuGraphExecUpdate_v2));
        GraphExecUpdateResultInfo info = default;
        CudaResult result = GraphNative.cuGraphExecUpdate_v2(Handle, graph.Handle, &info);
        if (result is not (CudaResult.Success or CudaResult.GraphExecUpdateFailure))
        {
            DriverError.Throw(result, nameof(GraphNative.cuGraphExecUpdate_v2));
        }

        reason = result == CudaResult.Success ? null : $"The new graph has {UpdateResult(info.Result)}.";
        return reason is null;
    }

    /// <summary>Destroys the executable form.</summary>
    public void Dispose() => _handle.Dispose();

    private static string UpdateResult(int result) =>
        result >= 0 && result < _updateResults.Length ? _updateResults[result] : $"the unknown difference {result}";
}
