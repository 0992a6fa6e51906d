namespace GptQuantBench.Inference.Memory;

/// <summary>Where native buffers come from; tests put one in its place that refuses.</summary>
internal unsafe interface INativeAllocator
{
    /// <summary>Memory, its first byte aligned.</summary>
    /// <exception cref="OutOfMemoryException">There is not that much.</exception>
    void* Allocate(nuint bytes, nuint alignment);

    /// <summary>Gives memory of <see cref="Allocate"/> back.</summary>
    void Free(void* memory);
}
