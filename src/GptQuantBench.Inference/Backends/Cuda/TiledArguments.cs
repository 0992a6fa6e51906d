using System.Runtime.InteropServices;
using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary><c>TiledArguments</c> of tiled.cuh, field for field.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TiledArguments
{
    public MatrixView Matrix;
    public CudaDevicePointer Input;
    public CudaDevicePointer Bias;
    public CudaDevicePointer Output;
    public CudaDevicePointer Partial;
    public CudaDevicePointer Arrived;
    public int Tokens;
    public int InputPitch;
    public int OutputPitch;
    public int TileRows;
    public int Splits;
    public TiledEnd End;
}
