namespace GptQuantBench.Cuda;

/// <summary>A call of the CUDA driver, cuBLAS or NVML failed. The message is one sentence.</summary>
public class CudaException : Exception
{
    /// <summary>An error of a driver call.</summary>
    /// <param name="message">One sentence: what failed, the driver's words, what to do.</param>
    /// <param name="call">Native name of the call, e.g. <c>cuLaunchKernel</c>.</param>
    /// <param name="result">The status that the call returned.</param>
    public CudaException(string message, string call, CudaResult result)
        : base(message)
    {
        Call = call;
        Result = result;
    }

    /// <summary>Native name of the call that failed, e.g. <c>cuLaunchKernel</c>.</summary>
    public string Call { get; }

    /// <summary>The driver's status; <see cref="CudaResult.Unknown"/> where the error is cuBLAS's or NVML's own.</summary>
    public CudaResult Result { get; }

    /// <summary>True where the fault has made the context unusable: every later call in this process fails with the same status.</summary>
    public bool IsContextLost => Result is CudaResult.IllegalAddress or CudaResult.LaunchTimeout or CudaResult.DeviceAssert
        or CudaResult.HardwareStackError or CudaResult.IllegalInstruction or CudaResult.MisalignedAddress
        or CudaResult.InvalidAddressSpace or CudaResult.InvalidProgramCounter or CudaResult.LaunchFailed or CudaResult.EccUncorrectable;
}
