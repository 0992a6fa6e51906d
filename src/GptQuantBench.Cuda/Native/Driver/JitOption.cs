namespace GptQuantBench.Cuda.Native.Driver;

/// <summary><c>CUjit_option</c>: the options in use.</summary>
internal enum JitOption
{
    MaxRegisters = 0,
    WallTime = 2,
    InfoLogBuffer = 3,
    InfoLogBufferSizeBytes = 4,
    ErrorLogBuffer = 5,
    ErrorLogBufferSizeBytes = 6,
    LogVerbose = 12,
    GenerateLineInfo = 13,
}
