using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary><c>CUgraphExecUpdateResultInfo</c>, 24 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GraphExecUpdateResultInfo
{
    public int Result;
    public nint ErrorNode;
    public nint ErrorFromNode;
}
