namespace GptQuantBench.Cuda;

/// <summary>Where device memory comes from. Thread-safe; frees may come from the finalizer thread.</summary>
public interface IDeviceAllocator
{
    /// <summary>The context that the memory belongs to.</summary>
    CudaContext Context { get; }

    /// <summary>Gets memory, aligned to at least 256 bytes; the context is current on the calling thread.</summary>
    /// <param name="byteCount">At least 1.</param>
    /// <exception cref="CudaOutOfMemoryException">It does not fit.</exception>
    CudaDevicePointer Allocate(long byteCount);

    /// <summary>Gives memory back; the context is current on the calling thread. Must not throw.</summary>
    /// <param name="pointer">What <see cref="Allocate"/> returned.</param>
    /// <param name="byteCount">What was asked for then.</param>
    /// <returns>Whether the driver took it back.</returns>
    bool Free(CudaDevicePointer pointer, long byteCount);
}
