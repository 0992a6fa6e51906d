using System.Runtime.InteropServices;
using GptQuantBench.Inference.Memory;

namespace GptQuantBench.Inference.Tests.Memory;

/// <summary>Gives memory a number of times, then refuses once; counts what has not come back.</summary>
internal sealed unsafe class RefusingAllocator(int allowed) : INativeAllocator
{
    private int _requests;
    private int _outstanding;

    /// <summary>Buffers that were given and not given back.</summary>
    public int Outstanding => _outstanding;

    /// <summary>True after the refusal.</summary>
    public bool HasRefused => _requests > allowed;

    public void* Allocate(nuint bytes, nuint alignment)
    {
        if (Interlocked.Increment(ref _requests) == allowed + 1)
        {
            throw new InsufficientMemoryException();
        }

        Interlocked.Increment(ref _outstanding);
        return NativeMemory.AlignedAlloc(bytes, alignment);
    }

    public void Free(void* memory)
    {
        Interlocked.Decrement(ref _outstanding);
        NativeMemory.AlignedFree(memory);
    }
}
