using System.Runtime.InteropServices;
using GptQuantBench.Cuda;
using GptQuantBench.Inference.Models;

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

    /// <summary>What a pass over the first rows needs, but for where its positions stand: State, or Rows with SequencePitch.</summary>
    public static AttentionArguments Of(ModelConfiguration configuration, IActivations buffers, int layer) => new()
    {
        Queries = buffers.Queries,
        Keys = buffers.Keys(layer),
        Values = buffers.Values(layer),
        Output = buffers.Attended,
        Heads = configuration.HeadCount,
        HeadSize = configuration.HeadSize,
        HeadPitch = buffers.HeadPitch,
        Capacity = buffers.Capacity,
        OutputPitch = buffers.NormedPitch,
    };
}
