namespace GptQuantBench.Inference.Memory;

/// <summary>What a block of memory is held for; the report shows bytes per category.</summary>
public enum MemoryCategory
{
    /// <summary>Weight tables that stay resident after load: codes, scales, minima, embeddings, norms, repacked copies.</summary>
    Weights,

    /// <summary>Keys and values of the positions seen so far.</summary>
    KeyValueCache,

    /// <summary>Activations, scratch space, staging buffers.</summary>
    Workspace,
}
