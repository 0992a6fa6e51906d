using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda.Native.Driver;

/// <summary><c>CUlaunchAttribute</c>, 72 bytes: the id, and at offset 8 a union, of which the members in use are named.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
internal struct LaunchAttribute
{
    [FieldOffset(0)]
    public LaunchAttributeId Id;

    /// <summary><c>cooperative</c> or <c>programmaticStreamSerializationAllowed</c>: non-zero to allow.</summary>
    [FieldOffset(8)]
    public int Enabled;

    [FieldOffset(8)]
    public uint ClusterX;

    [FieldOffset(12)]
    public uint ClusterY;

    [FieldOffset(16)]
    public uint ClusterZ;
}
