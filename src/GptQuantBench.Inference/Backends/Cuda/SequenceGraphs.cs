using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>What a session has recorded, each when it was first needed.</summary>
internal sealed class SequenceGraphs : IDisposable
{
    /// <summary>A decode step behind another.</summary>
    public CudaGraphExec? Step { get; set; }

    /// <summary>A decode step whose id comes from the host, at the position that the state has.</summary>
    public CudaGraphExec? Continuation { get; set; }

    /// <summary>Prompts from position 0 with their first new id, by number of tokens.</summary>
    public CudaGraphExec?[] Prompts { get; } = new CudaGraphExec?[LinearKernels.MaxTokens + 1];

    /// <inheritdoc />
    public void Dispose()
    {
        Step?.Dispose();
        Continuation?.Dispose();
        foreach (CudaGraphExec? prompt in Prompts)
        {
            prompt?.Dispose();
        }
    }
}
