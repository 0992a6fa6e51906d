using System.Runtime.InteropServices;

namespace GptQuantBench.Inference.Memory;

/// <summary>The C library's allocator.</summary>
internal sealed unsafe class SystemAllocator : INativeAllocator
{
    /// <summary>The one instance.</summary>
    public static SystemAllocator Instance { get; } = new();

    /// <inheritdoc />
    public void* Allocate(nuint bytes, nuint alignment) => NativeMemory.AlignedAlloc(bytes, alignment);

    /// <inheritdoc />
    public void Free(void* memory) => NativeMemory.AlignedFree(memory);
}
