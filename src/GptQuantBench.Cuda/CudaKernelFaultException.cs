namespace GptQuantBench.Cuda;

/// <summary>
/// A kernel faulted, and it is known which: launches waited for their end (<see cref="CudaStream.SynchronizesLaunches"/>). The message is
/// one sentence.
/// </summary>
public sealed class CudaKernelFaultException : CudaException
{
    /// <summary>A fault of a kernel.</summary>
    /// <param name="kernel">Its name.</param>
    /// <param name="inner">What the wait for its end reported.</param>
    public CudaKernelFaultException(string kernel, CudaException inner)
        : base($"The kernel {kernel} faulted on the GPU: {DescriptionOf(inner)}.", inner.Call, inner.Result) =>
        Kernel = kernel;

    /// <summary>Name of the kernel in the PTX; of cuBLAS's products the call's.</summary>
    public string Kernel { get; }

    private static string DescriptionOf(CudaException inner) =>
        $"{inner.Call} failed with {Native.Driver.DriverError.Describe(inner.Result)}";
}
