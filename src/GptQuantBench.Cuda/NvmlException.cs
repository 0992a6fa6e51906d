namespace GptQuantBench.Cuda;

/// <summary>A call of NVML failed.</summary>
public sealed class NvmlException : CudaException
{
    /// <summary>A call that failed.</summary>
    /// <param name="message">One sentence.</param>
    /// <param name="call">Native name of the call.</param>
    /// <param name="nvmlResult">The status that it returned.</param>
    public NvmlException(string message, string call, NvmlReturn nvmlResult)
        : base(message, call, CudaResult.Unknown) => NvmlResult = nvmlResult;

    /// <summary>The status that the call returned.</summary>
    public NvmlReturn NvmlResult { get; }
}
