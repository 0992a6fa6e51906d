using System.Runtime.InteropServices;
using GptQuantBench.Cuda;

namespace GptQuantBench.Inference.Backends.Cuda;

/// <summary><c>BulkArguments</c> of tiled_bulk.cuh, field for field.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BulkArguments
{
    public CudaTensorMap Codes;
    public CudaTensorMap Scales;
    public CudaTensorMap Minima;
    public TiledArguments Product;
    public int Ring;
    public int ScaleRing;
    public int Each;
    public int Early;
}
