namespace GptQuantBench.Cuda;

/// <summary>The driver could not make machine code from PTX.</summary>
public sealed class CudaJitException : CudaException
{
    /// <summary>A module that did not load.</summary>
    /// <param name="message">One sentence with the log's first line.</param>
    /// <param name="call">Native name of the call.</param>
    /// <param name="result">The driver's status, e.g. <see cref="CudaResult.UnsupportedPtxVersion"/>.</param>
    /// <param name="errorLog">The JIT compiler's whole log; empty where it wrote none.</param>
    public CudaJitException(string message, string call, CudaResult result, string errorLog)
        : base(message, call, result)
    {
        ErrorLog = errorLog;
    }

    /// <summary>The JIT compiler's whole log; empty where it wrote none.</summary>
    public string ErrorLog { get; }
}
