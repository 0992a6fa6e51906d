using System.Runtime.InteropServices;
using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary><c>PersistentArguments</c> of persistent_arguments.cuh, field for field; what they mean is said there.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PersistentArguments
{
    public MatrixView Table;
    public MatrixView Positions;
    public CudaDevicePointer Layers;
    public CudaDevicePointer Logits;
    public CudaDevicePointer State;
    public CudaDevicePointer Ids;
    public CudaDevicePointer Times;
    public CudaDevicePointer Words;
    public CudaDevicePointer Fault;
    public CudaDevicePointer Sampling;
    public CudaDevicePointer Scratch;
    public int LayerCount;
    public int Heads;
    public int HeadSize;
    public int Capacity;
    public int Inner;
    public int Steps;
    public int Id;
    public int Position;
    public int Sampled;
    public int SampledSteps;
    public uint Epoch;
    public uint Patience;
    public int KeptBytes;
    public int RingBytes;
    public int SumPitch;
    public int LayerClocks;
    public int DepthClocks;
    public int HeadClocks;
    public uint Stall;
    public float Epsilon;
    public float QueryScale;
}
