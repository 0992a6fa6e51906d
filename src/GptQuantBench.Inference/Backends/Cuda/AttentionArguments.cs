using System.Runtime.InteropServices;
using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary><c>AttentionArguments</c> of attention.cu, field for field.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AttentionArguments
{
    public CudaDevicePointer Queries;
    public CudaDevicePointer Keys;
    public CudaDevicePointer Values;
    public CudaDevicePointer Partial;
    public CudaDevicePointer Weights;
    public CudaDevicePointer Output;
    public CudaDevicePointer State;
    public int Heads;
    public int HeadSize;
    public int HeadPitch;
    public int Capacity;
    public int Ranges;
    public int RangeSize;
    public int Lanes;
    public int OutputPitch;
    public CudaDevicePointer Rows;
    public ulong SequencePitch;
}
