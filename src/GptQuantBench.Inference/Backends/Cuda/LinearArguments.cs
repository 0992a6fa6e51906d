using System.Runtime.InteropServices;
using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary><c>LinearArguments</c> of linear.cuh, field for field; which fields a kernel reads is said there.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinearArguments
{
    public MatrixView Matrix;
    public CudaDevicePointer Bias;
    public CudaDevicePointer Input;
    public CudaDevicePointer Gain;
    public CudaDevicePointer Shift;
    public CudaDevicePointer Partial;
    public CudaDevicePointer Weights;
    public CudaDevicePointer Output;
    public CudaDevicePointer Keys;
    public CudaDevicePointer Values;
    public CudaDevicePointer State;
    public int Tokens;
    public int Slices;
    public int InputPitch;
    public int OutputPitch;
    public int Heads;
    public int HeadSize;
    public int HeadPitch;
    public int Capacity;
    public int Ranges;
    public int RangeSize;
    public float Epsilon;
    public float QueryScale;
    public int SharedInput;
}
