namespace GptQuantBench.Cuda;

/// <summary>
/// <c>CUstreamCaptureMode</c>: whose calls that cannot be captured (such as an allocation) are errors while a stream is captured.
/// </summary>
public enum CudaCaptureMode
{
    /// <summary>Those of any thread.</summary>
    Global = 0,

    /// <summary>Those of the thread that captures.</summary>
    ThreadLocal = 1,

    /// <summary>Nobody's.</summary>
    Relaxed = 2,
}
