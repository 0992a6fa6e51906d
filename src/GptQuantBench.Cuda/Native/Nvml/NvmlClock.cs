namespace GptQuantBench.Cuda.Native.Nvml;

/// <summary><c>nvmlClockType_t</c>: the clocks in use.</summary>
internal enum NvmlClock
{
    Sm = 1,
    Memory = 2,
}
