using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>Records work of a stream instead of running it.</summary>
internal sealed class GraphRecorder(CudaContext context, CudaStream stream)
{
    /// <summary>Work that can be replayed, ready on the device.</summary>
    public CudaGraphExec Capture(Action queue) => Capture(queue, out _);

    /// <summary>Work that can be replayed, ready on the device.</summary>
    /// <param name="queue">Queues it on the stream.</param>
    /// <param name="nodes">Number of its launches, copies and fills.</param>
    public CudaGraphExec Capture(Action queue, out int nodes)
    {
        using CudaContextScope scope = context.Use();
        using CudaGraph graph = Record(queue);
        nodes = graph.NodeCount;
        CudaGraphExec executable = graph.Instantiate();
        executable.Upload(stream);
        return executable;
    }

    /// <summary>Work as a graph that has never run.</summary>
    public CudaGraph Record(Action queue)
    {
        using CudaContextScope scope = context.Use();
        stream.BeginCapture();
        try
        {
            queue();
        }
        catch
        {
            stream.EndCapture().Dispose();
            throw;
        }

        return stream.EndCapture();
    }
}
