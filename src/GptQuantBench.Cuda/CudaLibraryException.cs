namespace GptQuantBench.Cuda;

/// <summary>A native library is not on this machine, or is too old for what was asked. The message is one sentence.</summary>
public sealed class CudaLibraryException(string message) : Exception(message);
