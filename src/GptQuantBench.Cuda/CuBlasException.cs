namespace GptQuantBench.Cuda;

/// <summary>A call of cuBLAS failed.</summary>
public sealed class CuBlasException : CudaException
{
    /// <summary>A call that failed.</summary>
    /// <param name="message">One sentence.</param>
    /// <param name="call">Native name of the call.</param>
    /// <param name="status">The status that it returned.</param>
    public CuBlasException(string message, string call, CuBlasStatus status)
        : base(message, call, status == CuBlasStatus.AllocationFailed ? CudaResult.OutOfMemory : CudaResult.Unknown) => Status = status;

    /// <summary>The status that the call returned.</summary>
    public CuBlasStatus Status { get; }
}
