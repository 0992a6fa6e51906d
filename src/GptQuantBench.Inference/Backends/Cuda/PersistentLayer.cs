using System.Runtime.InteropServices;
using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary>One transformer block as the persistent kernel reads it; <c>PersistentLayer</c> of persistent_arguments.cuh, field for field.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PersistentLayer
{
    public MatrixView QueryKeyValue;
    public MatrixView Projection;
    public MatrixView Up;
    public MatrixView Down;
    public CudaDevicePointer QueryKeyValueFold;
    public CudaDevicePointer UpFold;
    public CudaDevicePointer ProjectionBias;
    public CudaDevicePointer DownBias;
    public CudaDevicePointer AttentionGain;
    public CudaDevicePointer ForwardGain;
    public CudaDevicePointer Keys;
    public CudaDevicePointer Values;
}
