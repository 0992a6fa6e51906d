using System.Runtime.InteropServices;

namespace GptQuantBench.Cuda;

/// <summary>Larger than <typeparamref name="T"/> by exactly its alignment.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AlignmentProbe<T>
    where T : unmanaged
{
    public byte First;
    public T Second;
}
