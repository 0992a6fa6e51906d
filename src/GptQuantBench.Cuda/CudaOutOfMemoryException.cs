namespace GptQuantBench.Cuda;

/// <summary>An allocation did not fit; says what was asked and what was free.</summary>
public sealed class CudaOutOfMemoryException : CudaException
{
    /// <summary>An allocation that did not fit.</summary>
    /// <param name="message">One sentence.</param>
    /// <param name="call">Native name of the call.</param>
    /// <param name="requestedBytes">Bytes asked for.</param>
    /// <param name="freeBytes">Bytes free on the device when the call failed.</param>
    public CudaOutOfMemoryException(string message, string call, long requestedBytes, long freeBytes)
        : base(message, call, CudaResult.OutOfMemory)
    {
        RequestedBytes = requestedBytes;
        FreeBytes = freeBytes;
    }

    /// <summary>Bytes asked for.</summary>
    public long RequestedBytes { get; }

    /// <summary>Bytes free on the device when the call failed.</summary>
    public long FreeBytes { get; }
}
